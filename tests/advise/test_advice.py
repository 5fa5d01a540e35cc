import pytest

from edgecompress.advise.advice import advise, best


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
