import pytest

from edgecompress.advise.advice import advise, best, counted
from edgecompress.deploy.emulated.count import Instructions


def on(record, profile, **changed):
    place = record.place.model_copy(update={"profile": profile, "name": f"the {profile}"})
    return record.model_copy(update={"place": place, **changed})


def test_every_figure_is_one_of_the_record(record):
    found = advise("id", on(record, "rpi4"), "rpi4")
    ratios = {each.compressed: each.latency for each in record.comparisons}
    assert {line.file for line in found.lines} == set(ratios)
    for line in found.lines:
        file, dense = record.files[line.file], record.files[f"dense.{line.file.split('.')[1]}"]
        assert line.latency == ratios[line.file]
        assert line.smaller == dense.bytes / file.bytes
        assert line.peak == file.memory.peak / dense.memory.peak
        assert line.how
    assert found.runtimes["litert"] == record.files["dense.tflite"].latency.summary.p50
    assert found.on_target
    assert not any("not on" in warning for warning in found.warnings)


def test_another_board_is_never_taken_without_saying_so(record):
    found = advise("id", on(record, "rpi5"), "rpi4")
    assert not found.on_target
    assert found.place == "the rpi5"
    assert "measured on the rpi5, not on rpi4" in found.warnings[0]


def test_an_emulated_machine_gives_sizes_and_no_times(record):
    found = advise("id", on(record, "rpi4", taken="emulated"), "rpi4")
    assert found.runtimes == {}
    assert all(line.latency is None and line.load is None for line in found.lines)
    assert all(line.smaller > 0 for line in found.lines)
    assert "emulated: its times are left out" in " ".join(found.warnings)


def test_the_record_of_the_target_comes_before_newer_ones_of_others(record, network):
    here, there, emulated = on(record, "host"), on(record, "rpi4"), on(record, "rpi4", taken="emulated")
    given = [("emulated", emulated), ("here", here), ("there", there), ("older", there)]
    assert best(given, network, "rpi4") == ("there", there)
    assert best(given[:2], network, "rpi4") == ("here", here)
    assert best(given[:1], network, "rpi4") == ("emulated", emulated)


@pytest.mark.parametrize("changed", [{"width": 0.5}, {"input_shape": [3, 32, 32]}, {"sha256": "0" * 64}])
def test_another_network_is_never_taken(record, network, changed):
    assert best([("id", record)], network.model_copy(update=changed), "rpi4") is None


def test_what_failed_and_what_was_left_out_is_said(record):
    left = on(record, "rpi4", left_out={"int8.onnx": "no quantiser"})
    found = advise("id", left, "rpi4")
    assert found.left_out == {"int8.onnx": "no quantiser"}
    assert set(record.validity.concerns) <= set(found.warnings)


@pytest.fixture
def estimate(record):
    """The record as of an emulated Cortex-A72: a file executes as many instructions as it has bytes."""

    def file(name, each):
        of = Instructions(
            per_inference=each.bytes, spread=0, executed=[each.bytes], processor="cortex-a72", runtime="", emulator=""
        )
        return each.model_copy(update={"instructions": of, "latency": None, "memory": None})

    files = {name: file(name, each) for name, each in record.files.items()}
    return on(record, "rpi4", taken="emulated", files=files, comparisons=[])


def test_counted_instructions_stand_beside_what_was_measured(record, estimate, network):
    given = [("measured", on(record, "rpi4")), ("counted", estimate)]
    assert best(given, network, "rpi4")[0] == "measured"
    assert counted(given, network, "cortex-a72") == ("counted", estimate)
    assert counted(given, network, "cortex-a76") is None
    assert counted(given, network.model_copy(update={"width": 2.0}), "cortex-a72") is None
    found = advise(*given[0], "rpi4", estimate=("counted", estimate, "cortex-a72"))
    assert (found.record, found.counted, found.processor) == ("measured", "counted", "cortex-a72")
    assert found.executed == {f.runtime: f.bytes for n, f in record.files.items() if n.startswith("dense")}
    for line in found.lines:
        assert line.latency is not None
        assert line.instructions == pytest.approx(1 / line.smaller)


def test_counts_alone_are_advice_without_times_and_without_a_warning_of_them(estimate):
    found = advise("counted", estimate, "rpi4", estimate=("counted", estimate, "cortex-a72"))
    assert all(line.latency is None and line.load is None and line.instructions for line in found.lines)
    assert not any("times are left out" in warning for warning in found.warnings)
    alone = advise("measured", on(estimate, "host", taken="measured"), "rpi4")
    assert all(line.instructions is None for line in alone.lines)
