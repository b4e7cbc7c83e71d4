"""
Columns of every kind
=====================

Categories, whole numbers, prices, dates, flags and missing cells: what comes out has the dtypes, ranges, steps and
categories of what went in, cells are missing where cells were missing, and nothing has to be declared.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ganaug import TabularGAN

# %%
# A made-up table of customers. Those who leave are few, pay more, often in cash, and seldom left a birthday.
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
# The model stands on its own as well: ask it for the classes you want.
model = TabularGAN(random_state=0).fit(customers, churn)
made = model.sample(["left"] * 1000)
print(made.head().to_string())

# %%
# Same dtypes; no plan that nobody has; cents stay cents; days stay days.
assert (made.dtypes == customers.dtypes).all()
assert "discontinued" not in set(made["plan"])
assert (made["monthly"].round(2) == made["monthly"]).all()
assert (made["since"] == made["since"].dt.normalize()).all()

# %%
# Generated beside real customers who left.
real = customers[left]
figure, axes = plt.subplots(2, 3, figsize=(11, 6), layout="constrained")
for axis, name in zip(axes.flat, ["plan", "cash", "calls", "monthly", "debt", "birthday"], strict=True):
    both = {"real": real[name], "generated": made[name]}
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
figure.suptitle("Customers who left: real and generated")
plt.show()
