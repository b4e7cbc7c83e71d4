"""
Columns of every kind
=====================

Categories, integers, prices, dates, booleans and missing cells: synthetic rows have the dtypes, ranges, grids and
categories of the real rows. Cells are missing only in columns with missing cells. You declare no columns.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ganaug import TabularGAN

# %%
# An invented table of customers. The customers who leave are few, pay more, often pay in cash, and seldom state a
# birthday.
rng = np.random.default_rng(0)
n = 1200
churn = pd.Series(np.where(rng.random(n) < 0.1, "left", "stayed"), name="churn")
left = (churn == "left").to_numpy()
customers = pd.DataFrame(
    {
        "plan": pd.Categorical(
            np.where(rng.random(n) < 0.3 + 0.4 * left, "flex", rng.choice(["basic", "pro"], n)),
            categories=["basic", "flex", "pro", "discontinued"],
        ),
        "monthly": np.round(rng.gamma(9, 3, n) + 12 * left, 2),
        "calls": rng.poisson(np.where(left, 4, 1)),
        "debt": np.where(rng.random(n) < 0.8 - 0.3 * left, 0, rng.integers(10, 900, n)),
        "cash": rng.random(n) < 0.1 + 0.5 * left,
        "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, n) // (1 + left), unit="D"),
    }
)
customers["birthday"] = (pd.Timestamp("1980-01-01") + pd.to_timedelta(rng.normal(0, 4000, n).round(), unit="D")).where(
    rng.random(n) > 0.2 + 0.5 * left
)

# %%
# The model also works on its own: ask it for the classes that you want.
model = TabularGAN(random_state=0).fit(customers, churn)
synthetic = model.sample(["left"] * 1000)
print(synthetic.head().to_string())

# %%
# Dtypes are the same. No row has the plan that no customer has. Prices have whole cents, and dates whole days.
assert (synthetic.dtypes == customers.dtypes).all()
assert "discontinued" not in set(synthetic["plan"])
assert (synthetic["monthly"].round(2) == synthetic["monthly"]).all()
assert (synthetic["since"] == synthetic["since"].dt.normalize()).all()

# %%
# Synthetic customers who left, beside real ones.
real = customers[left]
figure, axes = plt.subplots(2, 3, figsize=(11, 6), layout="constrained")
for axis, name in zip(axes.flat, ["plan", "cash", "calls", "monthly", "debt", "birthday"], strict=True):
    both = {"real": real[name], "synthetic": synthetic[name]}
    if name in ("plan", "cash", "calls"):
        shares = {who: column.value_counts(normalize=True).sort_index() for who, column in both.items()}
        pd.DataFrame(shares).loc[lambda share: share.sum(axis=1) > 0].plot.bar(ax=axis, rot=0, legend=False)
    elif name == "birthday":
        shares = {who: [column.isna().mean(), column.notna().mean()] for who, column in both.items()}
        pd.DataFrame(shares, index=["missing", "given"]).plot.bar(ax=axis, rot=0, legend=False)
    else:
        axis.hist(list(both.values()), bins=20, density=True, label=list(both))
    axis.set_title(name)
axes[0, 0].legend(frameon=False)
figure.suptitle("Customers who left: real and synthetic")
plt.show()
