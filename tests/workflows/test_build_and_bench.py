import pytest

from edgecompress.bundle import MANIFEST
from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.workflows.build_and_bench import build_and_bench
from edgecompress.workflows.request import Request

from ..conftest import SMALL


def test_a_bundle_is_built_measured_here_and_shown_on_a_page(tmp_path, small_cache):
    request = Request(target="host", changes=SMALL, output=tmp_path / "made", cache_dir=small_cache, eval_samples=40)
    made = build_and_bench(request, device="local", mode="quick", store="none", progress=silent, warn=lambda _: None)
    assert made.folder == tmp_path / "made"
    assert (made.folder / MANIFEST).is_file()
    assert set(made.record.files) == set(made.manifest.models)
    assert all(file.latency for file in made.record.files.values())
    assert made.page.read_text(encoding="utf-8").count("model.onnx") > 1


def test_a_device_that_is_none_is_said_before_anything_is_trained(tmp_path):
    told = []
    with pytest.raises(InputError, match="unknown device 'kitchn'"):
        build_and_bench(
            Request(target="host", output=tmp_path / "made", cache_dir=tmp_path),
            device="kitchn",
            mode="quick",
            store="none",
            progress=lambda *said: told.append(said),
            warn=pytest.fail,
        )
    assert not told
