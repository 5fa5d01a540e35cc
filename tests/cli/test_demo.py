import importlib.util
import re
import shutil

import pytest
from typer.testing import CliRunner

from edgecompress import bundle
from edgecompress.cli import app, demo
from edgecompress.errors import MissingDependencyError
from edgecompress.workflows import build_and_bench as workflow


def test_it_builds_measures_says_three_sentences_and_names_a_page(measured, tmp_path, monkeypatch):
    """What is built and measured is stood in for: the recipe of the demo takes a minute."""
    record, path, folder = measured
    made = tmp_path / "dist" / "demo"
    asked = []

    def build_bundle(request, **_):
        asked.append((request.target, request.model, request.data_named, request.output))
        shutil.copytree(folder, made)
        return made, bundle.load(made)

    def bench(where, *, device, mode, **_):
        asked.append((where, device, mode))
        return record, path

    monkeypatch.setattr(workflow, "build_bundle", build_bundle)
    monkeypatch.setattr(workflow.run, "bench", bench)
    done = CliRunner().invoke(app, ["demo", "-o", str(made), "--store", "none"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert asked == [("rpi4", "alexnet", "digits", made), (made, "local", "quick")]
    *text, named, page = done.output.strip().splitlines()
    sentences = (
        r"Smaller: model\.\S+ has .* times fewer than the .* Accuracy: it answers .* Speed: one inference takes "
    )
    assert re.search(sentences, " ".join(text))
    assert (named, page) == (f"bundle: {made}", f"page: {made}.html")
    assert (tmp_path / "dist" / "demo.html").is_file()


def test_what_is_not_installed_is_said_before_anything_begins(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in {"torch", "psutil"} else real(name))
    command = r"pip install 'edgecompress\[train,bench\]'"
    with pytest.raises(MissingDependencyError, match=f"needs torch, psutil, .*{command}"):
        demo.check_extras()
