"""Networks, which know only tensors."""

from ganaug.nets.image_architectures import ARCHITECTURES, build_image_encoder, build_image_networks
from ganaug.nets.image_classifier import SmallCNN
from ganaug.nets.image_networks import CONDITIONINGS
from ganaug.nets.mlp import ACTIVATIONS, MLPDiscriminator, MLPGenerator
from ganaug.nets.relational import RelationalDiscriminator, RelationalGenerator
from ganaug.nets.sequence import SequenceDecoder, SequenceEncoder, on_sphere

__all__ = [
    "ACTIVATIONS",
    "ARCHITECTURES",
    "CONDITIONINGS",
    "MLPDiscriminator",
    "MLPGenerator",
    "RelationalDiscriminator",
    "RelationalGenerator",
    "SequenceDecoder",
    "SequenceEncoder",
    "SmallCNN",
    "build_image_encoder",
    "build_image_networks",
    "on_sphere",
]
