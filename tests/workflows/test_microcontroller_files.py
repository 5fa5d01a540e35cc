import importlib.util
from pathlib import Path

import numpy as np
import pytest

from edgecompress import bundle, target
from edgecompress.report.summary import summary

from ..conftest import SMALL, build_small

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tflite_micro") is None, reason="tflite-micro is not installed"
)
PLAIN, DECODING = "model-int8.tflite", "model-int8-decode.tflite"


def profile(folder: Path, flash: int, arena: int) -> str:
    text = (target.shipped.path_of("targets", "cortex-m")).read_text()
    path = folder / "small.toml"
    path.write_text(
        text.replace("file_kib = 768", f"file_kib = {flash}").replace("arena_kib = 256", f"arena_kib = {arena}")
    )
    return str(path)


@pytest.fixture(scope="module")
def built(tmp_path_factory, small_bundle, small_cache):
    """The small networks for a Cortex-M. Read it, do not change it."""
    folder = tmp_path_factory.mktemp("cortex-m") / "bundle"
    build_small(small_cache, folder, SMALL, target="cortex-m", eval_samples=60)
    return folder


def test_both_files_are_there_with_sources_of_their_own(built):
    manifest = bundle.load(built)
    assert list(manifest.models) == [PLAIN, DECODING]
    assert {"main.cc", "model_data.cc", "main_decode.cc", "model_data_decode.cc", "serve_decode.cc"} <= set(
        manifest.files
    )
    assert "AddDecode" not in (built / "main.cc").read_text()
    for name in ("main_decode.cc", "serve_decode.cc"):
        program = (built / name).read_text()
        assert "AddDecode" in program
        assert '#include "model_data_decode.h"' in program
    assert f"kModelDataSize = {(built / DECODING).stat().st_size};" in (built / "model_data_decode.h").read_text()


def test_the_file_that_decodes_is_much_smaller_needs_more_ram_and_answers_alike(built):
    plain, decoding = (bundle.load(built).models[name] for name in (PLAIN, DECODING))
    assert decoding.bytes < 0.4 * plain.bytes
    assert decoding.microcontroller.arena_bytes > plain.microcontroller.arena_bytes
    assert (decoding.accuracy, decoding.microcontroller.decodes) == (plain.accuracy, True)
    assert decoding.runs_in == [plain.runs_in[0]]
    from tflite_micro.python.tflite_micro.runtime import Interpreter

    found = []
    for name in (PLAIN, DECODING):
        made = Interpreter.from_file(str(built / name), arena_size=1 << 22)
        for row in np.load(built / "eval.npz")["x"][:20]:
            made.set_input(np.ascontiguousarray(np.moveaxis(row, 0, -1)[np.newaxis]), 0)
            made.invoke()
            found.append(np.array(made.get_output(0)))
    assert np.array_equal(found[:20], found[20:])


def test_the_summary_and_the_card_say_what_it_costs(built):
    for text in (" ".join(summary(bundle.load(built)).first), (built / "README.md").read_text()):
        assert "of activations and decoded weights" in text
        assert "bit by bit those of the plain file" in text


def test_the_file_that_fits_flash_leads_and_weights_are_decoded_in_parts_that_fit_ram(
    tmp_path, small_bundle, small_cache
):
    plain, arena = 120, 40
    build_small(small_cache, tmp_path / "out", SMALL, target=profile(tmp_path, plain, arena), eval_samples=20)
    manifest = bundle.load(tmp_path / "out")
    file = manifest.models[DECODING]
    assert manifest.models[PLAIN].bytes > 1024 * plain > file.bytes
    assert manifest.lead.file == DECODING
    assert not [message for message in manifest.warnings if "budget" in message]
    assert file.microcontroller.arena_bytes <= 1024 * arena
    assert any(tensor.name.endswith("/part2") for tensor in file.ledger.tensors)
    assert file.bytes < 0.4 * manifest.models[PLAIN].bytes
