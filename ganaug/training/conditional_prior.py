"""Starts of a generator that fit to some known entries of a row, from a mixture of simple distributions."""

import torch
from numpy.typing import NDArray
from torch import Tensor

from ganaug.training.mixture_prior import MixturePrior

# Standard deviation, in the unit of encoded numbers, by which a known number may differ from a component.
_TOLERANCE = 0.05
# Rows of the class that count among those of each component: no level is impossible there.
_SMOOTHING = 0.5
# Rows whose components are found at once.
_N_AT_ONCE = 256


class ConditionalMixture:
    """Draws anchors of one class whose known entries are given, from a `MixturePrior`.

    The probability of each component given the known entries follows from Bayes' rule. The other continuous values are
    drawn from the normal distribution of the component given the known ones (by Matheron's rule: a draw of all values,
    corrected by the regression on what it should have been), and the other levels from those of its rows.

    Parameters
    ----------
    prior : MixturePrior
        The prior of the generator.
    label : int
        The class index.
    continuous : ndarray of int
        Positions of the known continuous values.
    blocks : ndarray of int
        Numbers of the known blocks.
    """

    def __init__(self, prior: MixturePrior, label: int, continuous: NDArray, blocks: NDArray) -> None:
        self.prior = prior
        end = int(prior.n_components[: label + 1].sum())
        own = slice(end - int(prior.n_components[label]), end)
        weights = prior.n_rows if prior.weights is None else prior.weights
        self._log_share = weights[own].double().log()
        self._known = torch.from_numpy(continuous)
        self._means, self._factors = prior.means[own], prior.factors[own]
        n_rows, counts = prior.n_rows[own].float(), prior.counts[own].float()
        share = counts.sum(0) / n_rows.sum()
        # a level that the class does not have is very rare, and not impossible: it may be given all the same
        self._levels = ((counts + _SMOOTHING * share) / (n_rows + _SMOOTHING)[:, None]).clamp(min=1e-9)
        sizes = list(prior.block_sizes)
        self._starts = [sum(sizes[:k]) for k in range(len(sizes))]
        self._blocks = set(blocks.tolist())
        of_known = self._factors[:, :, self._known]
        identity = _TOLERANCE**2 * torch.eye(len(continuous))
        self._root = torch.linalg.cholesky(of_known.mT @ of_known + identity)
        # (n_components, n_known, n_continuous): regression of all values on the known ones
        self._regression = torch.cholesky_solve(of_known.mT @ self._factors, self._root)

    def draw(self, rows: Tensor, is_missing: Tensor, rng: torch.Generator) -> Tensor:
        """Draw an anchor for each row.

        Parameters
        ----------
        rows : Tensor of shape (n, width)
            Encoded rows, of which the known entries count.
        is_missing : Tensor of bool, shape (n, width)
            Entries of blocks that other blocks than the known ones must not have.
        rng : torch.Generator
            Source of the draws.

        Returns
        -------
        Tensor of shape (n, width)
            Anchors.
        """
        parts = zip(rows.split(_N_AT_ONCE), is_missing.split(_N_AT_ONCE), strict=True)
        return torch.cat([self._draw(part, missing, rng) for part, missing in parts])

    def _draw(self, rows: Tensor, is_missing: Tensor, rng: torch.Generator) -> Tensor:
        n_continuous = self._means.shape[1]
        known, states = rows[:, self._known], rows[:, n_continuous:]
        log_odds = self._log_share.repeat(len(rows), 1)
        if len(self._known):
            apart = (known[None] - self._means[:, None, self._known]).mT  # (n_components, n_known, n)
            scaled = torch.linalg.solve_triangular(self._root, apart, upper=False)
            volume = self._root.diagonal(dim1=1, dim2=2).log().sum(1)
            log_odds += (-0.5 * scaled.square().sum(1) - volume[:, None]).mT
        for k in self._blocks:
            of_block = slice(self._starts[k], self._starts[k] + self.prior.block_sizes[k])
            log_odds += states[:, of_block].double() @ self._levels[:, of_block].double().log().mT
        component = torch.multinomial((log_odds - log_odds.amax(1, keepdim=True)).exp(), 1, generator=rng)[:, 0]
        factors = self._factors[component]
        noise = torch.randn(len(rows), 1, factors.shape[1], generator=rng)
        values = self._means[component] + (noise @ factors).squeeze(1)
        if len(self._known):
            error = _TOLERANCE * torch.randn(known.shape, generator=rng)
            missed = known - values[:, self._known] - error
            values = values + (missed[:, None] @ self._regression[component]).squeeze(1)
            values[:, self._known] = known
        anchor = torch.cat([values, states.clone()], 1)
        for k, (first, size) in enumerate(zip(self._starts, self.prior.block_sizes, strict=True)):
            if k in self._blocks:
                continue
            chances = self._levels[component][:, first : first + size]
            chances = (chances + 1e-6) * ~is_missing[:, n_continuous + first : n_continuous + first + size]
            level = torch.multinomial(chances, 1, generator=rng)
            anchor[:, n_continuous + first : n_continuous + first + size] = 0.0
            anchor.scatter_(1, n_continuous + first + level, 1.0)
        return anchor
