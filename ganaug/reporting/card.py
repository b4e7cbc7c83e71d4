"""The model card of a report: what everyone who is handed generated data has to know, in plain words."""

from ganaug.reporting.page import Section, Terms

NOTICE = "This page holds {what} of the real data. Share it only with those who may see them."
_LABELLING = (
    "Whoever gets generated rows or pictures must be able to tell them from real ones. {how} Keep such a mark wherever "
    "they travel: once it is lost, nothing brings it back."
)
_ETHICS = (
    "A generator repeats what its data say, unfair things as well: what they say of a group of people, generated rows "
    "say again, and filling up a class makes more of it. Look at the groups that matter before decisions about people "
    "rest on this. Those whom the real data are about agreed, at best, to a use of their own; generated is not "
    "anonymous, and passing generated rows on may still need their consent or another permission."
)
_LIMITS = (
    "Generated data hold nothing that the real data do not: what was never seen stays lacking, and unusual members of "
    "a class become rarer still. They are no evidence: test and publish on real data alone. Nothing here "
    "guarantees privacy as differential privacy does. {limits}"
)


def model_card(*, data: str, use: str, limits: str, how: str) -> Section:
    """Return the section that says what the data are, what for, what not for, and how they are marked.

    Parameters
    ----------
    data : str
        What was generated, from what, and how.
    use : str
        What it is meant for.
    limits : str
        What has to be said besides what holds for all generated data.
    how : str
        How generated rows are told from real ones here.
    """
    entries = {
        "What these data are": data,
        "Intended use": use,
        "Limits": _LIMITS.format(limits=limits).strip(),
        "Marking what is generated": _LABELLING.format(how=how),
        "People behind the data": _ETHICS,
    }
    return Section("Model card", [Terms(entries)])
