"""How texts come out of a trained TextGAN: several candidates for each, of which one is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from ganaug.common.texts import words_of
from ganaug.common.warnings import warn_user
from ganaug.common.wording import counted, joined, percent
from ganaug.models.text_choice import REFUSED, Repetition, selected_weights, weights_of
from ganaug.models.text_edits import new_edit
from ganaug.models.torch_state import torch_threads
from ganaug.selection import CandidateSelection

if TYPE_CHECKING:
    from ganaug.models.text import TextGAN

# Texts that are written together, and how often new candidates are generated for texts that have only refused ones.
_N_WRITTEN = 64
_N_ROUNDS = 4


class TextWriter:
    """Write the texts of one call of `sample`, in parts: no text is written twice as long as there are others.

    A text depends on the seed, the labels before it and its place, and not on the number of texts that follow.

    Parameters
    ----------
    model : TextGAN
        Fitted.
    seed : int
        Of the texts.
    selection : CandidateSelection or None, default=None
        Replaces the choice by class and likelihood.
    """

    def __init__(self, model: TextGAN, seed: int, selection: CandidateSelection | None = None) -> None:
        self.model, self.seed, self.selection = model, seed, selection
        self._seen: set[tuple[str, ...]] = set()
        # a selection of the user chooses alone
        self._repetition = {} if selection is not None else {label: Repetition() for label in model.few_}
        self._n_written = self._n_copies = self._n_edited_copies = 0

    def __call__(self, index: NDArray[np.intp]) -> list[str]:
        """Return a text for each class index."""
        texts: list[str] = []
        for first in range(0, len(index), _N_WRITTEN):
            rng = np.random.default_rng([self.seed, self._n_written + first])
            texts += self._write(index[first : first + _N_WRITTEN], rng)
        self._n_written += len(index)
        is_copy = self.model.known_.nearest_copies(texts) >= 0
        self._n_copies += int(is_copy.sum())
        self._n_edited_copies += int(is_copy[np.isin(index, list(self.model.edited_))].sum())
        return texts

    def warn_of_copies(self) -> None:
        """Say how many of the texts are copies."""
        if self._n_copies:
            share = percent(self._n_copies / self._n_written)
            verb = "is a copy or near copy" if self._n_copies == 1 else "are copies or near copies"
            ways = ["request fewer texts"]
            if self._n_copies > self._n_edited_copies:
                ways.append("raise temperature or n_candidates")
            if self._n_edited_copies:
                ways.append("add real texts to the smallest classes, whose texts allow few different edits")
            warn_user(
                f"{counted(self._n_copies, 'synthetic text')} of {self._n_written:,} ({share}) {verb} of a training "
                f"text, because no other candidate was found; {joined(ways, 'or')}"
            )

    def _write(self, labels: NDArray[np.intp], rng: np.random.Generator) -> list[str]:
        """Write a text for each class index; as many texts are always written, so that a text does not depend on n."""
        model, seen = self.model, self._seen
        n_candidates = model.n_candidates if self.selection is None else self.selection.n_candidates
        padded = np.concatenate([labels, np.zeros(_N_WRITTEN - len(labels), dtype=labels.dtype)])
        best: list[tuple[float, str]] = [(-np.inf, "")] * len(labels)
        is_edited = [int(label) in model.edited_ for label in labels]
        for _ in range(_N_ROUNDS):
            texts, weights = self._candidates(np.repeat(padded, n_candidates), n_candidates, rng)
            weights = weights + rng.gumbel(size=len(weights))
            for place in range(len(labels)):
                if best[place][0] > REFUSED / 2 or is_edited[place]:
                    continue
                own = range(place * n_candidates, (place + 1) * n_candidates)
                repetition = self._repetition.get(int(labels[place]))
                for i in own:
                    words = tuple(words_of(texts[i]))
                    # a text that was written before is as good as refused
                    weight = weights[i] + REFUSED * (words in seen)
                    if repetition is not None:
                        weight -= repetition.penalty(words)
                    best[place] = max(best[place], (weight, texts[i]), key=lambda candidate: candidate[0])
                if best[place][0] > REFUSED / 2:
                    words = tuple(words_of(best[place][1]))
                    seen.add(words)
                    if repetition is not None:
                        repetition.add(words)
            if all(weight > REFUSED / 2 or of for (weight, _), of in zip(best, is_edited, strict=True)):
                break
        chosen = [text for _, text in best]
        for place, label in enumerate(labels):
            if is_edited[place]:
                own_rng = np.random.default_rng(rng.integers(2**31, size=2))
                chosen[place] = new_edit(model.edited_[int(label)], model.known_, seen, own_rng)
        return chosen

    def _candidates(
        self, y: NDArray[np.intp], n_candidates: int, rng: np.random.Generator
    ) -> tuple[list[str], NDArray]:
        """Write a candidate for each class index; return them, and the logarithm of the weight of each."""
        model = self.model
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        with torch_threads(model._n_threads):
            texts, scores = model._architecture.write(model, torch.from_numpy(y), generator)
            weights = weights_of(texts, scores, y, n_candidates, model.judge_, model.known_)
            if self.selection is not None:
                chosen_by = selected_weights(self.selection, model.encoder_.encode(texts).numpy(), y, rng)
                weights = np.where(weights < REFUSED / 2, REFUSED, chosen_by)
        return texts, weights
