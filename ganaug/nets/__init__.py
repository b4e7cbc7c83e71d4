"""Networks, which know only tensors."""

from ganaug.nets.conditions import Conditions
from ganaug.nets.image_architectures import ARCHITECTURES, build_image_encoder, build_image_networks
from ganaug.nets.image_classifier import SmallCNN
from ganaug.nets.image_networks import CONDITIONINGS
from ganaug.nets.mlp import ACTIVATIONS, MLPDiscriminator, MLPGenerator
from ganaug.nets.pix2pix import build_pix2pix_networks
from ganaug.nets.relational import RelationalDiscriminator, RelationalGenerator
from ganaug.nets.sequence import SequenceDecoder, SequenceEncoder, on_sphere
from ganaug.nets.stylegan2 import StyleGenerator, noise_size
from ganaug.nets.translation import ClassProbe, PatchHeads, build_translation_networks

__all__ = [
    "ACTIVATIONS",
    "ARCHITECTURES",
    "CONDITIONINGS",
    "ClassProbe",
    "Conditions",
    "MLPDiscriminator",
    "MLPGenerator",
    "PatchHeads",
    "RelationalDiscriminator",
    "RelationalGenerator",
    "SequenceDecoder",
    "SequenceEncoder",
    "SmallCNN",
    "StyleGenerator",
    "build_image_encoder",
    "build_image_networks",
    "build_pix2pix_networks",
    "build_translation_networks",
    "noise_size",
    "on_sphere",
]
