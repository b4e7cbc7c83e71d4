"""`Constraints`: the rules of a table, and what they say of its rows."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.serialization import from_json, refusing_malformed, to_json
from ganaug.constraints.cells import Cells, Domain
from ganaug.constraints.conditions import from_state
from ganaug.constraints.rules import Determined, Rule, choose_keys

# Rounds of repairs: mending one rule may break another that comes before it.
_N_ROUNDS = 4
_N_SHOWN = 20


@dataclass(frozen=True, repr=False)
class Constraints:
    """Rules that each real row of a table keeps.

    Attributes
    ----------
    rules : tuple of Rule
        In the order of their repair. Each has a `sentence`, and `broken(frame)`.
    domains : dict of label to Domain
        The legal numbers of the columns that a repair may change.
    kinds : dict of label to str
        Kinds of the columns of the rules.
    fixed : label or None
        A column that no repair changes: the class.

    Examples
    --------
    >>> from ganaug.constraints import learn_constraints
    >>> start = np.arange(200) % 41
    >>> frame = pd.DataFrame({"start": start, "end": start + np.arange(200) % 7})
    >>> constraints = learn_constraints(frame)
    >>> constraints
    1 rule
      start <= end
    >>> constraints.broken(pd.DataFrame({"start": [9, 1], "end": [5, 3]})).tolist()
    [True, False]
    """

    rules: tuple[Rule, ...] = ()
    domains: Mapping[Hashable, Domain] = field(default_factory=dict)
    kinds: Mapping[Hashable, str] = field(default_factory=dict)
    fixed: Hashable | None = None

    def __len__(self) -> int:
        return len(self.rules)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def broken(self, frame: pd.DataFrame, y: Any = None) -> NDArray[np.bool_]:
        """Return which rows break a rule.

        Parameters
        ----------
        frame : DataFrame of shape (n, d)
            Rows. Rules on columns that it does not have are not checked.
        y : array-like of shape (n,) or None, default=None
            The class of each row. Without it, rules on the class are not checked.

        Returns
        -------
        ndarray of bool, shape (n,)
            True where at least one rule is broken.
        """
        return self._breaks(Cells(self.with_class(frame, y), self.kinds))

    def counts(self, frame: pd.DataFrame, y: Any = None) -> pd.DataFrame:
        """Return how many rows break each rule.

        Parameters
        ----------
        frame, y
            As in `broken`.

        Returns
        -------
        DataFrame
            "rule", "broken" and "share", the rule that most rows break first.
        """
        cells = Cells(self.with_class(frame, y), self.kinds)
        rules = self._checked(cells)
        counts = np.array([int(rule.breaks(cells).sum()) for rule in rules], dtype=int)
        order = np.argsort(-counts, kind="stable")
        return pd.DataFrame(
            {
                "rule": pd.Series([rules[i].sentence for i in order], dtype=object),
                "broken": counts[order],
                "share": counts[order] / max(len(frame), 1),
            }
        )

    def repair(self, frame: pd.DataFrame, *, generated: bool = False, force: bool = False) -> pd.DataFrame:
        """Change cells so that rows keep the rules, where the rules tell how.

        Rows that keep all rules are returned as they are, and so are rows that cannot be repaired.

        Parameters
        ----------
        frame : DataFrame of shape (n, d)
            Rows; not changed.
        generated : bool, default=False
            Whether cells that others determine but for a small deviation are computed in all rows, so that their
            deviation is distributed as in real rows.
        force : bool, default=False
            Whether to give broken rows usual values where a rule does not tell the value.

        Returns
        -------
        DataFrame of shape (n, d)
            The same dtypes.
        """
        if not self.rules:
            return frame
        cells = Cells(frame, self.kinds, self.fixed)
        if generated:
            for rule in self._repairing(cells):
                rule.compute(cells, self.domains)
        before = cells.copy()
        is_broken = self._breaks(cells)
        if is_broken.any():
            for rules in self._with_same_key(cells):
                choose_keys(cells, rules)
        for _ in range(_N_ROUNDS):
            if not is_broken.any():
                break
            for rule in self._repairing(cells):
                (rule.force if force else rule.repair)(cells, self.domains)
            is_broken = self._breaks(cells)
        if is_broken.any():
            cells.restore(before, is_broken)
        return cells.frame()

    def _with_same_key(self, cells: Cells) -> list[list[Determined]]:
        groups: dict[Hashable, list[Determined]] = {}
        for rule in self._repairing(cells):
            if isinstance(rule, Determined) and rule.by != self.fixed:
                groups.setdefault(rule.by, []).append(rule)
        return [rules for rules in groups.values() if len(rules) > 1]

    def with_class(self, frame: pd.DataFrame, y: Any) -> pd.DataFrame:
        """Return rows with their classes as a last column, under the name that the rules use.

        Parameters
        ----------
        frame : DataFrame of shape (n, d)
            Rows.
        y : array-like of shape (n,) or None
            Their classes. None returns the frame.
        """
        if y is None or self.fixed is None:
            return frame
        joined = pd.concat([frame, pd.Series(np.asarray(y), index=frame.index)], axis=1)
        return joined.set_axis(pd.Index([*frame.columns, self.fixed], dtype=object, tupleize_cols=False), axis=1)

    def _checked(self, cells: Cells) -> list[Rule]:
        return [rule for rule in self.rules if all(column in cells for column in rule.columns)]

    def _repairing(self, cells: Cells) -> list[Rule]:
        return [rule for rule in self._checked(cells) if self.fixed is None or rule.written != self.fixed]

    def _breaks(self, cells: Cells) -> NDArray[np.bool_]:
        found = np.zeros(len(cells), dtype=bool)
        for rule in self._checked(cells):
            found |= rule.breaks(cells)
        return found

    def state(self) -> dict[str, Any]:
        """Describe the rules as plain data for `from_state`.

        Returns
        -------
        dict
            For `json.dumps`.

        Raises
        ------
        ValueError
            If a rule is a function, or holds a value that plain data cannot hold.
        """
        return {
            "rules": [rule.state() for rule in self.rules],
            "domains": [
                [to_json(label, label), of.low, of.high, of.step, list(of.values), of.rounding]
                for label, of in self.domains.items()
            ],
            "kinds": [[to_json(label, label), kind] for label, kind in self.kinds.items()],
            "fixed": to_json(self.fixed, "class"),
        }

    @classmethod
    def from_state(cls, plain: Any) -> "Constraints":
        """Read what `state` wrote.

        Parameters
        ----------
        plain : dict
            What `state` returned.

        Raises
        ------
        ValueError
            If it does not describe rules.
        """
        with refusing_malformed("rules"):
            rules = tuple(from_state(rule) for rule in plain["rules"])
            if not all(isinstance(rule, Rule) for rule in rules):
                raise ValueError("not a rule")
            domains = {
                from_json(label): Domain(float(low), float(high), float(step), tuple(map(float, values)), float(by))
                for label, low, high, step, values, by in plain["domains"]
            }
            kinds = {from_json(label): str(kind) for label, kind in plain["kinds"]}
            return cls(rules, domains, kinds, from_json(plain["fixed"]))

    def __repr__(self) -> str:
        n = len(self.rules)
        lines = [f"{n:,} rule{'' if n == 1 else 's'}", *(f"  {rule.sentence}" for rule in self.rules[:_N_SHOWN])]
        return "\n".join([*lines, f"  ... and {n - _N_SHOWN:,} more"] if n > _N_SHOWN else lines)


def in_order_of_repair(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Sort rules so that what one writes, and another one reads, is written first.

    Parameters
    ----------
    rules : sequence of Rule
        In any order. Those that neither write nor read what others write keep their order.
    """
    left, done = list(rules), []
    while left:
        written = {rule.written for rule in left if rule.written is not None}
        ready = [r for r in left if not any(column in written and column != r.written for column in r.columns)]
        chosen = ready or left[:1]  # rules that write what each other reads
        done += chosen
        left = [rule for rule in left if not any(rule is other for other in chosen)]
    return tuple(done)
