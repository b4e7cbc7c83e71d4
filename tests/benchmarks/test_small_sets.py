"""The benchmark of small sets: every class doubles, files are read as the UCI repository has them."""

import numpy as np
import pandas as pd
import samplers
import small_sets


def test_each_class_gets_as_many_synthetic_rows_as_it_has_real_ones():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [30, 12, 8])
    X = pd.DataFrame({"x": rng.normal(y), "level": pd.Categorical(rng.choice(["a", "b"], len(y)))})
    X_both, y_both = small_sets.doubled(X, y, seed=0)
    assert np.bincount(y_both).tolist() == [60, 24, 16]
    pd.testing.assert_frame_equal(X_both[: len(X)], X)


def test_files_lose_the_columns_that_the_paper_leaves_out(tmp_path):
    (tmp_path / "glass.data").write_text("1,1.5,2\n2,1.6,7\n")
    X, y = small_sets.SETS["glass"](tmp_path)
    assert (X.to_numpy().tolist(), y.tolist()) == ([[1.5], [1.6]], ["2", "7"])
    (tmp_path / "house-votes-84.data").write_text("republican,n,?\ndemocrat,y,y\n")
    X, y = small_sets.SETS["congress"](tmp_path)
    assert X.astype(str).to_numpy().tolist() == [["n", "?"], ["y", "y"]]  # an answer that is missing is a level
    assert y.tolist() == ["republican", "democrat"]


def test_the_summary_counts_the_sets_where_synthetic_rows_help():
    scores = {("easy", "real"): 0.9, ("easy", "ganaug"): 0.95, ("hard", "real"): 0.5, ("hard", "ganaug"): 0.4}
    rows = [
        {"set": name, "seed": 0, "arm": arm, "classifier": of, "F1": score}
        for (name, arm), score in scores.items()
        for of in small_sets.CLASSIFIERS
    ]
    _, by_classifier, counts = small_sets.summary(pd.DataFrame(rows))
    assert "| mean | 0.7000 | 0.6750 |" in by_classifier
    assert "| ganaug | 1 |" in counts


def test_categories_come_back_from_their_codes():
    X = pd.DataFrame({"x": [0.5, 1.5], "level": pd.Categorical(["b", "a"], categories=["a", "b", "c"])})
    cells, is_category = samplers.as_numbers(X)
    assert (cells.tolist(), is_category.tolist()) == ([[0.5, 1.0], [1.5, 0.0]], [False, True])
    pd.testing.assert_frame_equal(samplers.as_table(cells, X), X)
