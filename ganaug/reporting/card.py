"""The model card of a report: what everyone who receives synthetic data has to know, in plain words."""

from ganaug.reporting.blocks import Definitions, Section

NOTICE = "This page shows {what} of the real data. Share it only with people who may see them."
_LABELLING = (
    "Everyone who receives synthetic rows or images must be able to distinguish them from real ones. {how} Keep this "
    "mark when you pass them on: it cannot be restored once it is lost."
)
_ETHICS = (
    "A generator repeats its training data, including what is unfair in them. Statements about a group of people are "
    "repeated in synthetic rows, and adding rows to a class multiplies them. Check the groups that matter before you "
    "base decisions about people on these data. The people in the real data agreed at most to one use of their own "
    "data. Synthetic does not mean anonymous: passing synthetic rows on may still need their consent or another legal "
    "ground."
)
_LIMITS = (
    "Synthetic data hold no information that is missing from the real data. What was never observed stays missing, "
    "and unusual members of a class become rarer. Synthetic data are not evidence: test models and publish "
    "results on real data only. Nothing on this page guarantees privacy in the sense of differential privacy. {limits}"
)


def model_card(*, data: str, use: str, limits: str, how: str) -> Section:
    """Return the section that says what the data are, what they are for, what not, and how they are marked.

    Parameters
    ----------
    data : str
        What is synthetic, what it was trained on, and how.
    use : str
        What it is meant for.
    limits : str
        Limits besides those of all synthetic data.
    how : str
        How synthetic rows are distinguished from real ones here; "" if the page is of no synthetic data.

    Returns
    -------
    Section
        "Model card".
    """
    entries = {
        "What these data are": data,
        "Intended use": use,
        "Limits": _LIMITS.format(limits=limits).strip(),
        **({"How synthetic data are marked": _LABELLING.format(how=how)} if how else {}),
        "People behind the data": _ETHICS,
    }
    return Section("Model card", [Definitions(entries)])
