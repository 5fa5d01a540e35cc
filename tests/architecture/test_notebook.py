"""The notebook, held: its cells run, what they show is what it says, and what is kept in it is of these cells."""

import importlib.util
import json
import re

import pytest

from .test_docs import ROOT

NOTEBOOK = json.loads((ROOT / "docs" / "compress-a-network.ipynb").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def runner():
    spec = importlib.util.spec_from_file_location("run_notebook", ROOT / "tools" / "run_notebook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shown(outputs):
    """The text of a cell's outputs, without its figures, which differ from processor to processor."""
    parts = ["".join(each.get("text") or each["data"]["text/plain"]) for each in outputs]
    return re.sub(r" *[-\d.,e%]*\d[-\d.,e%]*", " N", "".join(parts))


def test_its_cells_run_and_show_what_is_kept(runner, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    cells = runner.code_cells(NOTEBOOK)
    told = []
    for number, cell in enumerate(cells, 1):
        outputs = runner.run(cell, names, number)
        assert shown(outputs) == shown(cell["outputs"]), f"cell {number}: python tools/run_notebook.py NOTEBOOK"
        told += re.findall(r"([\d.]+)% of 397 test images", json.dumps(outputs))
    dense, compressed, in_onnxruntime = map(float, told)
    assert dense > 90
    assert compressed > dense - 4
    assert in_onnxruntime == pytest.approx(compressed, abs=0.5)
    small, large = ((tmp_path / folder / "model.onnx").stat().st_size for folder in ("compressed", "dense"))
    assert small < large / 15, "a twentieth of the size, it says"


def test_it_has_outputs_and_pages_link_to_it():
    cells = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell["outputs"]) for cell in cells) == len(cells) - 1, "all but the first show something"
    for page in ("index.md", "python-api.md"):
        assert "(compress-a-network.ipynb)" in (ROOT / "docs" / page).read_text(encoding="utf-8")
    text = "".join("".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "markdown")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (ROOT / "docs" / target).is_file(), target
