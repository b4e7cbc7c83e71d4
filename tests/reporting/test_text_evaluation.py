"""The page of an evaluation of texts: texts stand beside their nearest real ones, and all text is escaped."""

from ganaug import evaluate, report


def test_texts_stand_beside_their_nearest_real_ones():
    real = [f"call {i} for your <b>prize</b> {i % 7} today" for i in range(40)]
    made = [f"call {i} for a <script>gift</script> {i % 5} now" for i in range(24)] + real[:1]
    labels = ["rare"] * 20 + ["common"] * 20
    page = report(evaluate(real, made, target=(labels, ["rare"] * 25), random_state=0))
    assert "Synthetic texts of rare and the nearest real texts" in page
    assert "&lt;script&gt;gift&lt;/script&gt;" in page
    assert "<script>gift" not in page
    assert "This page shows texts of the real data" in page
    assert "All 1 copies and near copies" in page
