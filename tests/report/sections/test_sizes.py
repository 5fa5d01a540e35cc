import pytest

from edgecompress.report.found import find
from edgecompress.report.sections.sizes import PARTS, sizes

from .. import documents


@pytest.fixture
def figures(found):
    return {figure.key: figure for figure in sizes(found).figures}


def test_the_ledger_of_a_file(figures):
    rows = {row.cells[0].value: [cell.value for cell in row.cells[1:]] for row in figures["sizes-bundles"].table.rows}
    kind, size, smaller, weights, graph, bound, over, packed, _, _ = rows["alexnet, Digits: model.onnx"]
    assert (kind, size, packed) == ("compressed", 288_814, 285_146)
    assert smaller == pytest.approx(9_828_209 / 288_814)
    assert weights + graph == size
    assert over == pytest.approx(size / bound)
    assert rows["alexnet, Digits: dense.onnx"][2] is None


def test_the_parts_of_a_bar_are_the_whole_file(figures):
    (chart,) = figures["sizes-bundles"].charts
    bars = [bar for bar in chart.draw(700)["data"]["values"] if bar["file"] == "alexnet, Digits: model.tflite"]
    assert [bar["part"] for bar in bars] == list(PARTS)
    assert sum(bar["percent"] for bar in bars) == pytest.approx(100 * 766_832 / 9_829_968)


def test_weights_below_their_bound_are_one_part(tmp_path):
    document = documents.cell()
    document["outcome"]["sizes"]["onnx"]["entropy_bound"] = 1_200
    figure = sizes(find([documents.write(tmp_path, cell=document)])).figures[0]
    (bar,) = figure.charts[0].draw(700)["data"]["values"]
    assert (bar["part"], bar["percent"]) == (PARTS[0], 100 * 1_000 / 40_000)


def test_of_a_grid_the_bars_are_those_that_stand_beside_the_paper(tmp_path):
    weak = documents.cell(sparsity=0.5)
    weak["outcome"]["weights_kept"] = 5_000
    figure = sizes(find([documents.write(tmp_path, weak=weak, near=documents.cell())])).figures[0]
    assert len(figure.table.rows) == 2
    assert {bar["file"] for bar in figure.charts[0].draw(700)["data"]["values"]} == {
        "alexnet-uci-har-90-kmeans-4bit-seed0"
    }
