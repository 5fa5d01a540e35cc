import re
import shutil

from typer.testing import CliRunner

from edgecompress import bundle
from edgecompress.cli import app
from edgecompress.library import bundles


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

    monkeypatch.setattr(bundles, "build_bundle", build_bundle)
    monkeypatch.setattr(bundles.run, "bench", bench)
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
