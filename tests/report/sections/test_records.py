import hashlib

from edgecompress.report.sections.records import records


def test_every_record_with_where_it_comes_from(found):
    (figure,) = records(found).figures
    assert len(figure.table.rows) == len(found.sources)
    for row, source in zip(figure.table.rows, found.sources, strict=True):
        assert row.records == (source.id,)
        assert row.cells[0].value == source.kind
        assert row.cells[-2].value == str(source.path)
        assert row.cells[-1].value == hashlib.sha256(source.path.read_bytes()).hexdigest()


def test_how_a_benchmark_was_taken(found):
    (figure,) = records(found).figures
    taken = {row.cells[-2].value.rsplit("/", 1)[1]: row.taken for row in figure.table.rows}
    assert (taken["emulated.json"], taken["sustained.json"]) == ("emulated", "measured")
