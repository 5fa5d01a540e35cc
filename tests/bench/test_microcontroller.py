import csv as csv_module
import json

import pytest

from edgecompress import bundle, devices
from edgecompress.bench.records import BenchRecord
from edgecompress.bench.run import bench
from edgecompress.compare.readings import readings
from edgecompress.devices import Device
from edgecompress.errors import CheckError, DeviceLostError, InputError
from edgecompress.report.bench import bench as document
from edgecompress.report.devices import by_device
from edgecompress.report.writers.csv import csv
from edgecompress.report.writers.markdown import markdown
from edgecompress.report.writers.terminal import terminal

from ..serial_board import Faults, SerialBoard

pytest.importorskip("serial")
pytest.importorskip("tflite_micro")

NAME = "model-int8.tflite"


def measured(folder, path, tmp_path, **faults):
    """A record over a pseudo-terminal, of a board whose inference takes a thousand cycles."""
    hertz = faults.pop("hertz", 0)
    with SerialBoard(folder / NAME, hertz=hertz, faults=Faults(**faults)) as board:
        return bench(folder, device=f"serial:{board.path}", mode="quick", output=tmp_path / path)[0]


@pytest.fixture(scope="module")
def emulated(micro_bundle, tmp_path_factory):
    return measured(micro_bundle, "r.json", tmp_path_factory.mktemp("emulated"), damaged_answers={9})


@pytest.fixture(scope="module")
def timed(micro_bundle, tmp_path_factory):
    return measured(micro_bundle, "r.json", tmp_path_factory.mktemp("timed"), hertz=1_000_000_000)


def test_answers_and_outputs_are_those_of_the_build_s_proof(micro_bundle, emulated):
    built = bundle.load(micro_bundle).models[NAME]
    found = emulated.files[NAME]
    assert (found.accuracy.correct, found.accuracy.samples) == (built.accuracy.correct, built.accuracy.samples)
    assert found.firmware.compared == 100
    assert found.firmware.beyond_a_step <= 0.01
    assert (found.firmware.arena_bytes, found.firmware.arena_size) == (5000, 6000)
    assert (found.sha256, found.bytes) == (built.sha256, built.bytes)
    assert found.firmware.repeated_lines == 1
    assert not found.failures


def test_an_emulated_board_has_no_times(emulated):
    assert emulated.taken == "emulated"
    found = emulated.files[NAME]
    assert found.latency is None
    assert found.firmware.hertz is None
    assert not emulated.device.is_target
    assert any("emulated" in each for each in emulated.validity.concerns)
    assert {each.metric for each in readings(emulated)} == {"arena", "size", "acc"}


def test_times_are_cycles_by_the_board_s_clock(timed):
    assert timed.taken == "measured"
    assert timed.device.is_target
    latency = timed.files[NAME].latency
    assert latency.runs == len(latency.samples_ns) == timed.protocol.min_runs == 100
    assert set(latency.samples_ns) <= set(range(1000, 1032))
    assert latency.summary.p50_low <= latency.summary.p50 <= latency.summary.p50_high
    assert timed.files[NAME].firmware.hertz == 1_000_000_000
    assert timed.files[NAME].memory is None
    assert (timed.before.board, timed.before.system, timed.before.python) == ("a board of tests", "Zephyr", None)
    assert {"p50", "p90", "arena"} <= {each.metric for each in readings(timed)}


def test_a_device_that_is_registered_as_another_board_is_not_the_bundle_s(micro_bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "path", lambda: tmp_path / "devices.toml")
    with SerialBoard(micro_bundle / NAME) as board:
        devices.add(Device(name="kit", address=f"serial:{board.path}", target="cortex-m"), replace=True)
        found = bench(micro_bundle, device="kit", mode="quick", output=tmp_path / "r.json")[0]
    assert "kit is registered as cortex-m" in found.device.note


def test_a_record_says_the_same_when_it_is_read(timed):
    assert BenchRecord.from_json(timed.to_json(), "record") == timed


def test_a_counter_that_is_faster_than_this_machine_s_clock_is_a_disturbance(micro_bundle, tmp_path):
    found = measured(micro_bundle, "r.json", tmp_path, hertz=10)
    assert "its rate is wrong" in found.validity.disturbed[0]


def test_every_report_has_its_figures_and_no_other_s(micro_bundle, timed, emulated, tmp_path):
    manifest = bundle.load(micro_bundle)
    for record in (timed, emulated):
        made = document(record, manifest)
        for write in (terminal, markdown):
            text = write(made, tmp_path)
            assert "5,000" in text
            assert f"{record.files[NAME].accuracy.percent:.2f}" in text
            assert "Python" not in text
            assert "None" not in text
            assert "peak" not in text
        (row,) = csv_module.DictReader(csv(made, tmp_path).splitlines())
        assert row["arena_bytes"] == "5000"
        assert bool(row["p50_ns"]) == (record is timed)
    text = markdown(document(timed, manifest), tmp_path)
    assert "1,000,000,000 a second" in text
    assert "a board of tests" in text
    assert "0.001" in terminal(by_device({"kitchen": timed}, {}), tmp_path)


def test_another_model_is_refused_before_anything_is_measured(micro_bundle, tmp_path):
    with pytest.raises(InputError, match=r"the board runs another model: flash this bundle's serve\.cc"):
        measured(micro_bundle, "r.json", tmp_path, other_model=True)
    assert not (tmp_path / "r.json").exists()


def test_outputs_that_are_others_fail_and_are_kept(micro_bundle, tmp_path):
    with pytest.raises(CheckError, match=r"100.0 % of the outputs are more than a step of int8 from LiteRT's"):
        measured(micro_bundle, "r.json", tmp_path, added=1000.0)
    assert json.loads((tmp_path / "r.json").read_text())["files"][NAME]["failures"]


def test_a_board_that_goes_away_leaves_no_record(micro_bundle, tmp_path):
    with pytest.raises(DeviceLostError, match="is gone in the middle"):
        measured(micro_bundle, "r.json", tmp_path, gone_from=40)
    assert not (tmp_path / "r.json").exists()


def test_bundles_and_devices_that_do_not_fit_are_refused_with_what_to_do(micro_bundle, small_bundle):
    with pytest.raises(
        InputError, match=r"a microcontroller, and local is none: flash its serve\.cc and give --device s"
    ):
        bench(micro_bundle, device="local", mode="quick")
    with pytest.raises(
        InputError, match=r"is a microcontroller: build for one \(edgecompress build --target cortex-m\)"
    ):
        bench(small_bundle, device="serial:/dev/ttyACM0", mode="quick")
    for option in ({"profile": True}, {"threads": 2}):
        with pytest.raises(InputError, match=r"leave --(profile|threads) out"):
            bench(micro_bundle, device="serial:/dev/ttyACM0", **option)
    with pytest.raises(InputError, match="give --mode standard"):
        bench(micro_bundle, device="serial:/dev/ttyACM0", mode="sustained")
