"""The page of a `Resampling`: classes, measures of each class, images, the training, and settings."""

from functools import partial
from typing import TYPE_CHECKING, Any

from ganaug.common.wording import joined, shortened
from ganaug.evaluation import TextEvaluation
from ganaug.reporting import comparison, image_evaluation, table_evaluation, text_evaluation
from ganaug.reporting.blocks import Block, ImageStrip, Paragraphs, Section, Table, settings_table
from ganaug.reporting.card import model_card
from ganaug.reporting.figures import draw_figures, embed_image
from ganaug.training import panels, plot_history

if TYPE_CHECKING:
    from ganaug.evaluation import ImageSamples, Resampling

TITLE = "Balanced data"
_MARKS = {
    "images": "ganaug balance writes synthetic images to files whose names begin with synthetic_, and lists them in "
    "manifest.csv;",
    "texts": "ganaug balance writes synthetic texts after the real ones, and --mark adds a column that marks them;",
    "rows": "ganaug balance writes synthetic rows after the real ones, and --mark adds a column that marks them;",
}


def content(resampling: "Resampling") -> str:
    """Return which of the real data the page shows.

    Parameters
    ----------
    resampling : Resampling
        The result that the page shows.
    """
    return {"images": "images and their names", "texts": "texts"}.get(resampling.noun, "values")


def heading(resampling: "Resampling") -> str:
    """Return what was added to what.

    Parameters
    ----------
    resampling : Resampling
        The result that the page shows.
    """
    return f"{resampling.heading}."


def sections(resampling: "Resampling") -> list[Section]:
    """Return class counts, the measures of each class, images, the comparison, and the training.

    Parameters
    ----------
    resampling : Resampling
        The result that the page shows.
    """
    counts = resampling.counts
    if not counts["repeated"].any():
        counts = counts.drop(columns="repeated")
    figure = (resampling.plot, f"Number of {resampling.noun} in each class", "")
    found = [Section("Classes", [Table(counts, f"Number of {resampling.noun} in each class"), draw_figures(figure)])]
    for label, evaluation in resampling.evaluations.items():
        suffix = f" of {shortened(label)}" if len(resampling.evaluations) > 1 else ""
        if isinstance(evaluation, TextEvaluation):
            found += text_evaluation.sections(evaluation, suffix)
        else:
            n_real = int((counts["after"] - counts["synthetic"]).sum())
            where = f"; the result begins with {n_real:,} real rows, which a file of --only-synthetic does not have"
            found += table_evaluation.sections(evaluation, suffix, where)
    if resampling.image_evaluation is not None:
        strips = [strip for label, samples in resampling.images.items() for strip in _strips(label, samples)]
        found += [Section("Images", strips), *image_evaluation.sections(resampling.image_evaluation)]
    if resampling.comparison is not None:
        # the page has its own section of classes
        found += [of for of in comparison.sections(resampling.comparison) if of.title != "Classes"]
    if len(resampling.history):
        found.append(Section("Training", [_curves(resampling)]))
    return found


def card(resampling: "Resampling") -> Section:
    """Return the model card.

    Parameters
    ----------
    resampling : Resampling
        The result that the page shows.
    """
    noun = resampling.noun
    n_real, n_synthetic = int(resampling.counts["before"].sum()), int(resampling.counts["synthetic"].sum())
    filled = [shortened(label) for label in resampling.counts["class"][resampling.counts["synthetic"] > 0]]
    if n_synthetic:
        data = (
            f"{n_synthetic:,} synthetic {noun} of {'class' if len(filled) == 1 else 'classes'} {joined(filled)}, added "
            f"to {n_real:,} real ones. They come from {list(resampling.settings)[-1]} of ganaug, a conditional "
            f"generative adversarial network that was trained only on the real {noun} of all classes."
        )
    else:
        data = f"{n_real:,} real {noun}. The classes had the requested sizes, so no synthetic {noun} were added."
    return model_card(
        data=data,
        use="To train classifiers if a class is rare, after a comparison on real data has shown that it helps "
        "(ganaug compare). Do not test on them, do not treat "
        "them as measurements, and do not share them in place of consent.",
        limits=f"If a class has few real {noun}, the synthetic ones show only what these few show.",
        how=f"{_MARKS[noun]} in Python, is_synthetic_ of the sampler marks them.",
    )


def settings(resampling: "Resampling") -> list[Block]:
    """Return the parameters of the sampler and of the model.

    Parameters
    ----------
    resampling : Resampling
        The result that the page shows.
    """
    blocks: list[Block] = []
    if resampling.seed is not None:
        blocks.append(Paragraphs([f"The seed of the model, drawn from random_state, was {resampling.seed}."]))
    return [*blocks, *(settings_table(*of, caption=name) for name, of in resampling.settings.items())]


def _curves(resampling: "Resampling") -> Block:
    history = resampling.history
    return draw_figures(
        *(
            (partial(plot_history, history[["step", *columns]]), f"Curve of the training: {title}", "")
            for title, columns in panels(history).items()
        )
    )


def _strips(label: Any, samples: "ImageSamples") -> list[ImageStrip]:
    name = shortened(label)
    strips = [
        ImageStrip(f"{name}, real", [embed_image(of, f"A real image of {name}") for of in samples.real]),
        ImageStrip(f"{name}, synthetic", [embed_image(of, f"A synthetic image of {name}") for of in samples.synthetic]),
        ImageStrip(
            f"{name}, between two synthetic images",
            [embed_image(of, f"Between two synthetic images of {name}") for of in samples.interpolated],
        ),
    ]
    if samples.training:
        steps = [embed_image(of, f"{name} at step {step:,}", f"step {step:,}") for step, of in samples.training.items()]
        strips.append(ImageStrip(f"{name}, during the training", steps))
    return strips
