"""The page of an `ImageEvaluation`."""

from typing import TYPE_CHECKING

from ganaug.reporting.blocks import ImagePairs, Paragraphs, Section, Table, with_intervals
from ganaug.reporting.card import model_card
from ganaug.reporting.figures import draw_figures, embed_image

if TYPE_CHECKING:
    from ganaug.evaluation import ImageEvaluation

TITLE = "Synthetic images, evaluated"
CONTENT = "images"
_LONGEST_NAME = 40
_ON_PAIRS = (
    "The synthetic images that are nearest to a real one, the nearest pairs first. If two images differ by noise only, "
    "the synthetic one is a copy: it reveals the real image and adds no information. The distance is the mean absolute "
    "difference of pixels, in the units of the images. It does not find the same object seen from another side, and a "
    "blurred image is near to many others."
)


def heading(evaluation: "ImageEvaluation") -> str:
    """Return what was compared with what.

    Parameters
    ----------
    evaluation : ImageEvaluation
        The result that the page shows.
    """
    return f"{evaluation.heading}."


def sections(evaluation: "ImageEvaluation") -> list[Section]:
    """Return measures, the nearest pairs of images, and privacy.

    Parameters
    ----------
    evaluation : ImageEvaluation
        The result that the page shows.
    """
    parts = {str(part): rows.drop(columns="part") for part, rows in evaluation.frame().groupby("part", sort=False)}
    private = parts.pop("privacy")
    measures = [
        Table(with_intervals(rows, "images"), "Synthetic images compared with real ones of their class")
        for rows in parts.values()
    ]
    figure = (evaluation.plot, "Measures of each class, and the nearest pairs of images", "")
    usual = f"Synthetic images compared with {evaluation.reference}, by their distance to real ones"
    return [
        Section("Measures", [*measures, draw_figures(figure, wide=True)]),
        Section("Nearest real images", [Paragraphs([_ON_PAIRS]), _pairs(evaluation)]),
        Section("Privacy", [Table(with_intervals(private, "images"), usual)]),
    ]


def card(evaluation: "ImageEvaluation") -> Section:
    """Return the model card.

    Parameters
    ----------
    evaluation : ImageEvaluation
        The result that the page shows.
    """
    n = evaluation.n_images
    return model_card(
        data=f"{n['synthetic']:,} images that were given as synthetic, compared with {n['real']:,} real ones. This "
        "page does not know the generator. If you pass the images on, say which generator returned them, and how.",
        use="To decide whether the images are real enough for a purpose, and whether they are copies.",
        limits="The features come from a network that was trained on photographs, so they describe other kinds of "
        "images less well. Copies that are moved, turned or of another brightness are searched after alignment.",
        how="This page is the only mark that is known here.",
    )


def _pairs(evaluation: "ImageEvaluation") -> ImagePairs:
    pairs = []
    rows = evaluation.nearest.to_dict("records")
    for (synthetic, real), row in zip(evaluation.drawable_pairs(), rows, strict=False):
        names = evaluation.image_names
        name = f"number {row['real']:,}" if names is None else str(names[row["real"]])
        name = name if len(name) <= _LONGEST_NAME else f"...{name[-_LONGEST_NAME:]}"
        caption = f"{name}{', mirrored' if row['mirrored'] else ''}: distance {row['distance']:.3g}"
        pairs.append(
            (
                embed_image(synthetic, "A synthetic image"),
                embed_image(real, f"The nearest real image: {caption}"),
                caption,
            )
        )
    return ImagePairs("Synthetic image and nearest real image", pairs)
