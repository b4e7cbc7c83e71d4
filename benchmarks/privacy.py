"""What differential privacy costs, and what it prevents: membership inference and utility for several epsilon.

One half of a table is learned, and the other is held out. An attacker tells rows of the two halves apart, once by the
synthetic rows alone, and once by the scores of the discriminator of the fitted model. Bounds are quantiles of the table
and levels those that it has: they stand for what would be known without the rows.

    python benchmarks/privacy.py --data german_credit.parquet --seeds 2
    python benchmarks/privacy.py --data adult.parquet --rows 8000 --default --first-seed 1 --seeds 1 \\
        --epsilon 10 3 1 inf

Infinity stands for `TabularGAN`, without privacy.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import OrdinalEncoder

from ganaug import PrivateTabularGAN, TabularGAN
from ganaug.metrics import TablePair, membership_inference, two_sample_auc

EPSILONS = (np.inf, 1e6, 1e3, 100.0, 10.0, 3.0, 1.0)


def declarations(X):
    """Return bounds and levels, as somebody who knows the columns would give them."""
    bounds, levels = {}, {}
    for name in X:
        if pd.api.types.is_numeric_dtype(X[name]):
            low, high = np.floor(X[name].quantile(0.005)), np.ceil(X[name].quantile(0.995))
            bounds[name] = (float(low), float(max(high, low + 1)))
        else:
            levels[name] = sorted(X[name].dropna().unique()) + [None] * int(X[name].isna().any())
    return bounds, levels


def halves(X, y, seed):
    """Return the rows that are learned, and those that are held out."""
    order = np.random.default_rng(seed).permutation(len(X))
    parts = order[: len(X) // 2], order[len(X) // 2 :]
    return [(X.iloc[part].reset_index(drop=True), y.iloc[part].reset_index(drop=True)) for part in parts]


def measure(X, y, epsilon, seed, **params):
    """Return the measures of one fit."""
    (own, own_y), (held, held_y) = halves(X, y, seed)
    if np.isinf(epsilon):
        model = TabularGAN(random_state=seed)
    else:
        bounds, levels = declarations(X)
        model = PrivateTabularGAN(epsilon=epsilon, bounds=bounds, levels=levels, random_state=seed, **params)
    model.fit(own, own_y)
    synthetic = model.sample(own_y.to_numpy())
    text = [name for name in X if not pd.api.types.is_numeric_dtype(X[name])]
    encoder = OrdinalEncoder().fit(X[text].astype(str))

    def gain(rows):
        tables = [rows.assign(**dict(zip(text, encoder.transform(rows[text].astype(str)).T, strict=True))), held]
        tables[1] = held.assign(**dict(zip(text, encoder.transform(held[text].astype(str)).T, strict=True)))
        first, second = (table.astype(float) for table in tables)
        scores = HistGradientBoostingClassifier(random_state=0).fit(first, own_y).predict_proba(second)
        return roc_auc_score(held_y, scores[:, 1])

    # a model refuses levels that it has not seen: rows with them are told at once, and left out here
    known = held[text].apply(lambda column: column.isna() | column.isin(own[column.name])).all(axis=1)
    members, others = model.score_samples(own, own_y), model.score_samples(held[known], held_y[known])
    return {
        "epsilon": "none" if np.isinf(epsilon) else f"{epsilon:g}",
        "seed": seed,
        "AUC of a classifier": gain(synthetic),
        "of real rows": gain(own),
        "membership by rows": membership_inference(TablePair(own, synthetic, held), random_state=0).value,
        "membership by the model": roc_auc_score(
            np.repeat([1, 0], [len(members), len(others)]), np.concatenate([members, others])
        ),
        "two-sample AUC": two_sample_auc(held, synthetic.iloc[: len(held)], random_state=0).value,
    }


def main(arguments=None):
    """Print a row for each fit, and the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="a table as Parquet, the class in its last column")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--epsilon", type=float, nargs="*", help="default: inf, 1e6 to 1")
    parser.add_argument("--rows", type=int, help="take so many rows of the table, at random")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--default", action="store_true", help="train as by default, and not for long with all rows")
    given = parser.parse_args(arguments)
    frame = pd.read_parquet(given.data)
    if given.rows is not None:
        frame = frame.sample(given.rows, random_state=0).reset_index(drop=True)
    y = frame.pop(frame.columns[-1]).astype(str)
    # a long training with all rows, so that there is something to find
    long = {"learning_rate": 3e-3, "n_steps": given.steps, "max_rate": 1.0, "batch_size": 512}
    params = {} if given.default else long
    rows = []
    for epsilon in given.epsilon or EPSILONS:
        for seed in range(given.first_seed, given.first_seed + given.seeds):
            rows.append(measure(frame, y, epsilon, seed, **params))
            print(rows[-1], flush=True)
    table = pd.DataFrame(rows).drop(columns="seed").groupby("epsilon", sort=False).mean()
    print(table.round(3).to_string())
    return table


if __name__ == "__main__":
    main()
