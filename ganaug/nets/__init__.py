"""Networks, which know only tensors."""

from ganaug.nets.image_architectures import ARCHITECTURES, build_image_encoder, build_image_networks
from ganaug.nets.image_networks import CONDITIONINGS
from ganaug.nets.mlp import MLPDiscriminator, MLPGenerator
from ganaug.nets.sequence import SequenceDecoder, SequenceEncoder, on_sphere
from ganaug.nets.stylegan2 import StyleGenerator, noise_size

__all__ = [
    "ARCHITECTURES",
    "CONDITIONINGS",
    "MLPDiscriminator",
    "MLPGenerator",
    "SequenceDecoder",
    "SequenceEncoder",
    "StyleGenerator",
    "build_image_encoder",
    "build_image_networks",
    "noise_size",
    "on_sphere",
]
