"""The kinds of data that can be balanced, in one registry.

A kind of data is added here and nowhere else. The parts are named, not imported: a table needs nothing of images, and
this file stands below all that it names.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ganaug.common.texts import are_texts


@dataclass(frozen=True)
class Modality:
    """A kind of data and the parts that work on it.

    Attributes
    ----------
    name : str
        As ``model=`` of the sampler and ``--model`` of the shell take it.
    noun : str
        What one calls several samples: "rows", "images", "texts".
    model, read, evaluate, report : str
        References "module:name": the model class; the function that reads it from a file or folder; the evaluation; the
        function that turns an evaluation into the sections of a page.
    """

    name: str
    noun: str
    model: str
    read: str
    evaluate: str
    report: str

    def load(self, part: str) -> Any:
        """Import a part: "model", "read", "evaluate" or "report".

        Parameters
        ----------
        part : {"model", "read", "evaluate", "report"}
            The part.

        Examples
        --------
        >>> MODALITIES["tabular"].load("model").__name__
        'TabularGAN'
        """
        return _imported(getattr(self, part))


MODALITIES = {
    "tabular": Modality(
        name="tabular",
        noun="rows",
        model="ganaug.models:TabularGAN",
        read="ganaug.datasets:read_table",
        evaluate="ganaug.evaluation:evaluate_rows",
        report="ganaug.reporting.table_evaluation:sections",
    ),
    "image": Modality(
        name="image",
        noun="images",
        model="ganaug.models:ImageGAN",
        read="ganaug.datasets:read_images",
        evaluate="ganaug.evaluation:evaluate_images",
        report="ganaug.reporting.image_evaluation:sections",
    ),
    "text": Modality(
        name="text",
        noun="texts",
        model="ganaug.models:TextGAN",
        read="ganaug.datasets:read_table",
        evaluate="ganaug.evaluation:evaluate_texts",
        report="ganaug.reporting.text_evaluation:sections",
    ),
}

# What `model=` of the sampler takes by name: the model of each kind of data, and others.
MODELS = {
    **{name: modality.model for name, modality in MODALITIES.items()},
    "translation": "ganaug.models:TranslationGAN",
}


def model_class(name: str) -> Any:
    """Import a model by its name in `MODELS`.

    Parameters
    ----------
    name : str
        The name.

    Examples
    --------
    >>> model_class("translation").__name__
    'TranslationGAN'
    """
    return _imported(MODELS[name])


def _imported(reference: str) -> Any:
    module, name = reference.split(":")
    return getattr(import_module(module), name)


def modality_of(X: Any) -> Modality:
    """Return what kind of data `X` is.

    Parameters
    ----------
    X : object
        What a user passed as data. Images are arrays of three or four dimensions, or lists of arrays; texts are strings
        in one dimension, or a column of several different words, see `ganaug.common.texts.are_texts`.
    """
    if are_texts(X):
        return MODALITIES["text"]
    shape = np.shape(X[0]) if isinstance(X, list | tuple) and len(X) else getattr(X, "shape", ())[1:]
    return MODALITIES["image" if len(shape) > 1 else "tabular"]


def modality_of_path(path: str | Path) -> Modality:
    """Return what kind of data a file or folder holds, by its name: images are folders and ``.npz`` archives.

    Parameters
    ----------
    path : str or Path
        The file or folder; it need not exist.
    """
    path = Path(path)
    return MODALITIES["image" if path.is_dir() or path.suffix.lower() == ".npz" else "tabular"]
