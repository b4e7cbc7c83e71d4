"""``ganaug balance`` of images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ganaug.cli.console import (
    KEPT,
    console,
    on_terminal,
    print_answers,
    print_comparison,
    print_counts,
    print_others,
    say,
)
from ganaug.cli.first_screen import (
    command,
    kept_model,
    measure,
    print_next,
    print_written,
    with_commands,
    write_report,
    written_words,
)
from ganaug.cli.options import check_strategy, check_two_classes, parse_strategy
from ganaug.cli.trial import Trial, n_requested, resample, train_for
from ganaug.common.progress import begin_phase, end_phase

if TYPE_CHECKING:
    import pandas as pd

    from ganaug.comparison import Selection
    from ganaug.datasets import ImageSet
    from ganaug.models import ImageGAN


# Of 30 images of a class, most synthetic ones resembled a training image more than any unseen one, and of 388 they did
# not (docs/measurements/images.md).
_FEW_IMAGES = 50


def model_with_masks(text: str, model: str, resize: str | None) -> ImageGAN:
    """Return the model of images some of whose channels are masks, from what --mask-channels says."""
    if model == "translation":
        raise ValueError(f"--mask-channels {text} and --model translation exclude each other; leave one of them out")
    if resize is not None:
        raise ValueError(
            f"--resize {resize} would blur the masks of --mask-channels {text}; resize the files before, the masks by "
            "nearest neighbour"
        )
    try:
        channels = [int(channel) for channel in text.split(",")]
    except ValueError:
        raise ValueError(f"--mask-channels {text} is no list of channels; write numbers from 0 on, such as 3") from None
    from ganaug.models import ImageGAN

    return ImageGAN(mask_channels=channels)


def balance_images(
    source: Path,
    out: Path,
    strategy: str,
    params: dict[str, Any],
    trial: Trial,
    size: tuple[int, int] | None,
    attributes: str | None,
    *,
    skip_bad: bool,
    dicom: bool,
    copies: Literal["copy", "link", "none"],
    save: Path | None,
    report: Path | None,
    force: bool,
    began: float,
) -> None:
    """Read, balance and write images, and print the first screen; the parameters are those of the command."""
    from ganaug.datasets import (
        check_dicom_output,
        check_image_output,
        check_image_space,
        read_image_attributes,
        read_image_groups,
        read_images,
        write_images,
    )

    check_image_output(out, source, copies=copies, force=force)
    begin_phase(f"reading {source}", show=on_terminal())
    images = read_images(source, resize=size, skip_bad=skip_bad)
    check_image_space(out, images, copies=copies)
    if dicom:
        check_dicom_output(images)

    import pandas as pd

    from ganaug.common.wording import percent
    from ganaug.comparison import Selection
    from ganaug.evaluation import attribute_columns, image_evaluation_seconds, score_columns
    from ganaug.oversampler import GANOversampler

    y = pd.Series(images.named_y, name="class")
    check_two_classes(y, f"{source}")
    wanted = parse_strategy(strategy, y.unique().tolist())
    check_strategy(strategy, wanted, y)
    if trial.max_time is not None:
        from ganaug.cli.time_limit import TimeLimit, after_samples
        from ganaug.models import chosen_model

        model = chosen_model(params["model"], images.X, {}, params["model"])

        def page() -> float:
            return image_evaluation_seconds(images.X, y, sampler.sampling_strategy_)

        after = after_samples(
            lambda: n_requested(sampler),
            lambda n: model.candidates_for(params["selection"], n),
            began,
            0 if copies == "none" else len(y),
            page=None if report is None else page,
        )
        trial = trial._replace(limit=TimeLimit(trial.max_time, began, after))
        params["callbacks"] = [*(params["callbacks"] or []), trial.limit]
    # A repeated image would be a file that is there twice. A training loop draws by weight instead.
    sampler = GANOversampler(sampling_strategy=wanted, repeat_real=False, **params)
    groups = trial.groups
    if groups is not None:
        trial = trial._replace(groups=read_image_groups(groups, images))
    known = None if attributes is None else read_image_attributes(attributes, images)
    sampler, compared, X_resampled, y_resampled, is_synthetic = resample(sampler, images.X, y, trial, known)
    first = len(is_synthetic) - int(is_synthetic.sum())  # a slice, which does not copy them
    X_synthetic, y_synthetic = X_resampled[first:], y_resampled[first:]
    train_for(save, sampler, images.X, y, known)
    with kept_model(sampler, save, out):
        begin_phase(f"writing {out}", show=on_terminal())
        manifest = score_columns(sampler, images, X_synthetic, y_synthetic)
        columns = {"manifest": manifest, "attributes": None if known is None else attribute_columns(known)}
        write_images(out, images, X_synthetic, y_synthetic, **columns, copies=copies, dicom=dicom, force=force)
    KEPT.append(str(out))
    end_phase()
    _add_nearest(out, images, X_synthetic, y_synthetic)
    data = (images.X, y, X_resampled, y_resampled)
    findings, resampling = measure(sampler, compared, data, "images", full=report is not None, names=images.files)
    options = [] if groups is None else ["--groups", groups]
    findings = with_commands(findings, command("compare", source, *options), command("evaluate", source, out))
    end_phase()
    print_answers(findings)
    n_real = 0 if copies == "none" else len(y)
    print_written(written_words(out, n_real, 0, y_synthetic, "image", None), began, getattr(sampler, "model_", None))
    if sampler.sampling_strategy == "equal share" and len(y_synthetic):
        console().print(
            "Each class has got equally many synthetic images, and stays as unequal as it was. To train, draw them by "
            f"ganaug.BalancedImages: classes equally often, {percent(sampler.synthetic_share)} of each synthetic, so "
            "that a network cannot tell a class by that. A plain folder reader shows small classes mostly by synthetic "
            "images.",
            markup=False,
        )
    _say_about_images(images, y, y_synthetic, copies, size)
    if isinstance(compared, Selection):
        _say_how_to_train(compared, out, is_added=bool(is_synthetic.any()))
    print_counts("class", y, y_resampled, y_resampled[~is_synthetic])
    if compared is not None:
        print_comparison(compared)
    print_others(findings)
    if report is not None:
        write_report(report, source, resampling, compared)
    print_next(command("evaluate", source, out))


def _add_nearest(out: Path, images: ImageSet, X_synthetic: Any, y_synthetic: pd.Series) -> None:
    """Complete the manifest after all is written: with thousands of images, the search takes a while."""
    from ganaug.datasets import add_image_columns
    from ganaug.evaluation import nearest_columns

    if not len(y_synthetic):
        return
    from rich.progress import Progress

    with Progress(console=console(stderr=True), transient=True, disable=not on_terminal()) as bar:
        task = bar.add_task("nearest real images", total=len(y_synthetic))
        more = nearest_columns(images, X_synthetic, y_synthetic.index, progress=lambda n: bar.update(task, completed=n))
    add_image_columns(out, more)


def _say_how_to_train(selection: Selection, out: Path, *, is_added: bool) -> None:
    """Say what was chosen besides the share, and why images are there that were not chosen."""
    has_share = selection.name.startswith("ganaug")
    if is_added and not has_share:
        print("The synthetic images are written because --strategy asks for them; they are not shown to help.")
    share = "" if has_share == is_added else ", share=0"
    draw = "" if selection.draw == "classes" else ', draw="images"'
    weighted = " Give the loss dataset.class_weights." if selection.draw == "weights" else ""
    print(
        f'To train: dataset = ganaug.BalancedImages.from_folder("{out}", augment="{selection.augment}"{share}{draw}).'
        f"{weighted}"
    )


def _say_about_images(
    images: ImageSet, y: pd.Series, y_synthetic: pd.Series, copies: str, size: tuple[int, int] | None
) -> None:
    """Say what one has to know of OUT: resized originals, classes without synthetic images, and small classes."""
    from ganaug.common.wording import listed

    if size is not None and copies != "none" and images.is_resized is not None and images.is_resized.any():
        n_resized = int(images.is_resized.sum())
        print(
            f"{n_resized:,} of {len(y):,} originals are resized to {size[0]}x{size[1]} in OUT too, so that all images "
            "of OUT have one size. The files in IN are unchanged."
        )
    without = sorted(set(y) - set(y_synthetic), key=str)
    if without and len(y_synthetic):
        say(
            "warning",
            f"no synthetic images in {listed(without)}. A network that trains on OUT learns to recognise "
            "synthetic images instead of the other classes; --strategy 'equal share', the default, avoids this",
        )
    counts = y.value_counts()
    few = sorted((label for label in set(y_synthetic) if counts[label] < _FEW_IMAGES), key=str)
    if few:
        say(
            "note",
            f"fewer than {_FEW_IMAGES} images in {listed(few)}. In our measurements GANs learned 30 images of a class "
            "by heart. Keep some images out of IN, and pass them to ganaug evaluate as --holdout",
        )
