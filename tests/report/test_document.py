from edgecompress.report.document import Column


def test_a_column_is_named_with_its_unit():
    assert (Column("p50", "ms").title, Column("seeds").title) == ("p50, ms", "seeds")
