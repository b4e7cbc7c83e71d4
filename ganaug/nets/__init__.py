"""Networks, which know only tensors."""

from ganaug.nets.conv import ARCHITECTURES, CONDITIONINGS, image_encoder, image_networks
from ganaug.nets.mlp import MLPDiscriminator, MLPGenerator

__all__ = ["ARCHITECTURES", "CONDITIONINGS", "MLPDiscriminator", "MLPGenerator", "image_encoder", "image_networks"]
