import shutil
from pathlib import Path

import pytest

from edgecompress import bundle, target
from edgecompress.bench.run import bench
from edgecompress.deploy.emulated import emulator
from edgecompress.errors import CheckError, InputError
from edgecompress.report.bench import bench as document
from edgecompress.report.writers.csv import csv
from edgecompress.report.writers.markdown import markdown
from edgecompress.report.writers.terminal import terminal


@pytest.fixture
def arm_counts():
    why = emulator.cannot_count("aarch64")
    if why:
        pytest.skip(why)


@pytest.fixture
def for_rpi4(small_bundle, tmp_path):
    folder = shutil.copytree(small_bundle, tmp_path / "bundle")
    manifest = bundle.load(folder)
    bundle.write_manifest(folder, manifest.model_copy(update={"target": target.load("rpi4")}))
    return folder


@pytest.mark.slow
def test_a_bundle_on_its_boards_processor_has_answers_and_instructions_and_no_times(arm_counts, for_rpi4, measured):
    record, path = bench(for_rpi4, device="emulated", mode="quick")
    assert record.taken == "emulated"
    assert (record.device.address, record.device.is_target) == ("emulated:cortex-a72", False)
    assert record.before.machine == "aarch64"
    assert record.threads == 1
    for name, file in record.files.items():
        assert file.failures == []
        assert (file.latency, file.memory, file.energy, file.profile) == (None,) * 4
        assert file.instructions.processor == "cortex-a72"
        assert file.instructions.spread < 0.05
        assert file.accuracy.samples == 64
        assert file.accuracy.largest_difference < 1e-3, name
    assert record.comparisons == []
    manifest = bundle.load(for_rpi4)
    for write in (terminal, markdown, csv):
        said = write(document(record, manifest), Path())
        counted = record.files["dense.onnx"].instructions.per_inference
        assert f"{counted:,}" in said or str(counted) in said
        assert "p90 ms" not in said or write is not terminal
    assert path.parent == for_rpi4 / "bench"


@pytest.mark.slow
def test_a_file_that_computes_something_else_there_is_an_error_with_its_record(arm_counts, for_rpi4, monkeypatch):
    from edgecompress.bench import agreement, measure
    from edgecompress.bench.records import BenchRecord

    # No file that build writes is wrong there, so the least difference is made too much.
    monkeypatch.setattr(agreement, "TOLERANCE", 0.0)
    monkeypatch.setattr(measure, "disagreement", lambda result, spread, _: agreement.disagreement(result, spread))
    with pytest.raises(CheckError, match=r"wrong by .* of the outputs' spread, beside this machine's"):
        bench(for_rpi4, device="emulated:cortex-a53", mode="quick")
    (path,) = (for_rpi4 / "bench").iterdir()
    assert any(file.failures for file in BenchRecord.from_file(path).files.values())


def test_what_an_emulated_processor_has_not_is_refused(for_rpi4):
    with pytest.raises(InputError, match="no times, and so no profile"):
        bench(for_rpi4, device="emulated", profile=True)
    with pytest.raises(InputError, match=r"unknown processor to emulate 'cortex-a73'; did you mean 'cortex-a7"):
        bench(for_rpi4, device="emulated:cortex-a73")
