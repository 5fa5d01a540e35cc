"""The worked example of docs/own-models.md, run as it stands, but for fewer epochs."""

import re
import shlex
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from edgecompress import bundle
from edgecompress.bench.records import BenchRecord
from edgecompress.cli import app
from edgecompress.sources.graph.operators import OPERATORS

PAGE = (Path(__file__).parents[2] / "docs" / "own-models.md").read_text(encoding="utf-8")
QUICK = [
    part
    for change in ("train.epochs=25", "train.batch_size=8", "prune.epochs=4", "prune.batch_size=8", "retrain.epochs=2",
                   "retrain.batch_size=8", "cluster.epochs=1", "cluster.batch_size=8")
    for part in ("--set", change)
]  # fmt: skip


def draw(folder, count=30):
    random = np.random.default_rng(0)
    for name in ("circle", "square"):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            image = Image.new("L", (24, 20))
            x, y, size = (int(random.integers(low, high)) for low, high in ((1, 8), (1, 4), (10, 14)))
            shape = (x, y, x + size, y + size)
            pen = ImageDraw.Draw(image)
            pen.ellipse(shape, outline=255, width=2) if name == "circle" else pen.rectangle(shape, outline=255, width=2)
            image.save(folder / name / f"{number}.png")


def run(command, cache):
    words = shlex.split(command)
    assert words[:2] == ["edgecompress", "build"]
    result = CliRunner().invoke(app, [*words[1:], *QUICK, "--cache-dir", str(cache)])
    assert result.exit_code == 0, result.output
    return result.output, bundle.load(Path(words[words.index("--output") + 1]))


@pytest.mark.slow
def test_the_example_trains_an_own_network_its_onnx_file_and_goes_without_data(here, tmp_path):
    code = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)[0]
    (here / "nets.py").write_text(code)
    draw(here / "shapes")
    first, again, without = (each.strip() for each in re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)[:3])
    _, trained = run(first, tmp_path / "cache")
    assert trained.data.classes == ["circle", "square"]
    assert trained.accuracy.compressed > 75
    assert (trained.model.name, trained.model.source) == ("small", "nets:small")
    assert trained.data.mean
    assert trained.model.inputs[0].shape == [1, 16, 16]
    _, fine_tuned = run(again, tmp_path / "cache")
    assert fine_tuned.accuracy.dense == trained.accuracy.dense
    assert fine_tuned.accuracy.compressed > 75
    assert [stage.epochs for stage in fine_tuned.stages] == [0, 4, 2, 1]
    signature = [
        (model.graph.input[0].name, model.graph.output[0].name)
        for model in (onnx.load(here / "dist" / name / "model.onnx") for name in ("small", "again"))
    ]
    assert signature[0] == signature[1]
    said, alone = run(without, tmp_path / "cache")
    assert "nothing is trained, because no data were given" in said
    assert alone.accuracy is None
    assert alone.fidelity.inputs == "noise"
    assert alone.recipe.reconstruct.inputs == "synthetic"
    assert alone.ratios.files["onnx"] > 1.5


def test_the_example_of_a_metric_is_built_and_judged_in_a_benchmark(here, tmp_path):
    _, network, metric = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    (here / "numbers_of.py").write_text(network)
    (here / "error_of.py").write_text(metric)
    commands = next(each for each in re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL) if "numbers_of" in each)
    build, bench = commands.strip().splitlines()
    _, manifest = run(build, tmp_path / "cache")
    done = CliRunner().invoke(app, shlex.split(bench)[1:])
    assert done.exit_code == 0, done.output
    (record,) = (here / "dist" / "numbers" / "bench").glob("*.json")
    found = BenchRecord.from_file(record).files["model.onnx"].metric
    assert (found.name, found.better, found.computed) == ("error", "lower", "device")
    assert metric.splitlines()[-1] in done.output
    assert found.value == pytest.approx(manifest.judged.compressed, rel=1e-4)
    assert f"{found.value:.5g}" in done.output and "worse by" in done.output


def test_the_page_counts_the_operators():
    assert f"{len(OPERATORS)}\noperators run" in PAGE
