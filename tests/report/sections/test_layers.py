import pytest

from edgecompress.report.sections.layers import layers


@pytest.fixture
def figures(found):
    return {figure.key: figure for figure in layers(found).figures}


def test_a_bundles_layers_are_those_of_its_ledger(found, figures):
    entries = {entry.name: entry for entry in found.bundles[0].manifest.models["model.onnx"].ledger.tensors}
    rows = figures["layers-0"].table.rows
    assert [row.cells[0].value for row in rows] == [name for name in entries if name.endswith(".weight")]
    for row in rows:
        name, shape, zeros, distinct, bits, size, _, encoding = (cell.value for cell in row.cells)
        entry = entries[name]
        assert shape == "x".join(map(str, entry.shape))
        assert (zeros, distinct) == (100 * entry.sparsity, entry.distinct)
        assert (bits, size, encoding) == (entry.bits_per_weight, entry.bytes, entry.encoding)


def test_what_has_one_axis_is_summed_up(found, figures):
    entries = found.bundles[0].manifest.models["model.onnx"].ledger.tensors
    rest = sum(entry.bytes for entry in entries if len(entry.shape) < 2)
    assert figures["layers-0"].details == (f"6 more tensors (biases, normalisation): {rest:,} bytes.",)


def test_a_pair_of_the_study_is_shown_once_whatever_its_seeds(figures):
    cells = [figure for key, figure in figures.items() if key.startswith("layers-cell")]
    assert [figure.title for figure in cells] == ["alexnet-uci-har-90-kmeans-4bit-seed0"]
    assert [cell.value for cell in cells[0].table.rows[0].cells] == ["conv1", 1000, 250, 75.0, 15, 4]


def test_the_sensitivity_scan_from_the_gentlest_change_on(figures):
    figure = figures["sensitivity-0"]
    assert len(figure.table.rows) == 5
    assert [cell.value for cell in figure.table.rows[0].cells] == ["conv2", 100, "90 % zeros", 90.0, 9.0, 0.9]
    spec = figure.charts[0].draw(400)
    assert spec["encoding"]["x"]["sort"] == ["50 % zeros", "90 % zeros", "4 bits"]
