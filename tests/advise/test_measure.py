import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress import devices, target
from edgecompress.advise import subject
from edgecompress.advise.measure import measure, place
from edgecompress.devices import Device
from edgecompress.errors import InputError, RuntimeFailedError
from edgecompress.progress import silent

CHANGES = {"none", "pruned", "half", "int8"}


def test_every_variant_is_timed_in_the_rounds_of_the_unchanged_network(record):
    for runtime, suffix, changes in (("onnxruntime", "onnx", CHANGES), ("litert", "tflite", CHANGES | {"float16"})):
        names = [name for name in record.files if name.endswith(suffix)]
        assert {record.variants[name].change for name in names} == changes
        for name in names:
            file = record.files[name]
            assert (file.runtime, file.failures) == (runtime, [])
            assert len(file.latency.samples_ns) >= 100
            assert set(file.latency.together_with) == set(names) - {name}
            assert file.memory.load_ns > 0
    assert {(each.compressed, each.dense) for each in record.comparisons} == {
        (name, f"dense.{name.split('.')[1]}") for name in record.files if not name.startswith("dense")
    }
    assert record.left_out == {}


def test_it_says_what_it_was_measured_on(record):
    assert record.target == "rpi4"
    assert record.place.address == "local"
    assert record.place.profile in ("host", "rpi4", None)
    assert record.place.name
    assert record.files["dense.onnx"].runtime_version == f"onnxruntime {onnxruntime.__version__}"
    assert record.about().target == (record.place.profile or "")


def test_a_board_is_what_its_device_tree_says_and_not_what_it_was_registered_as(record):
    device = Device(name="board", address="ssh://me@board", target="rpi5")
    for tree, profile in (
        ("Raspberry Pi 4 Model B Rev 1.4", "rpi4"),
        ("Some Other Board", None),
        (None, "rpi5"),
    ):
        conditions = record.before.model_copy(update={"board": tree})
        assert place(device, conditions).profile == profile
    assert place(device, record.before).address == "board (ssh://me@board)"
    conditions = record.before.model_copy(update={"board": None})
    assert place(devices.find("local"), conditions).profile == "host"


@pytest.mark.parametrize(
    ("options", "line"),
    [({"device": "rpi4"}, "no device of the profile 'rpi4'"), ({"mode": "fast"}, "unknown mode 'fast'")],
)
def test_wrong_options_are_one_line_before_anything_is_written(network, options, line):
    def progress(*_):
        pytest.fail("work has begun")

    given = {"device": "local", "mode": "quick", **options}
    with pytest.raises(InputError, match=line):
        measure("alexnet", network, target.load("rpi4"), progress=progress, **given)


def test_a_device_without_the_runtimes_of_the_target(network, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    board = target.load("rpi4").model_copy(update={"runtimes": ["litert"]})
    devices.add(Device(name="only", address="ssh://me@only", runtimes=["onnxruntime"]))
    with pytest.raises(InputError, match="only has none of rpi4's runtimes: litert"):
        measure("alexnet", network, board, device="only", mode="quick", progress=silent)


@pytest.fixture
def registered(sshd, monkeypatch, tmp_path):
    """Registers a board of the real sshd with this Python, or another."""
    monkeypatch.setattr(devices, "path", lambda: tmp_path / "devices.toml")

    def add(python=sys.executable):
        address, folder = f"ssh://{sshd.address}", str(sshd.root)
        board = Device(name="board", address=address, python=python, folder=folder, runtimes=["onnxruntime"])
        devices.add(board)
        return board

    return add


@pytest.fixture
def little(tmp_path):
    """What ``measure`` is given of a file whose variants are quickly written."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 8]) for name in "xy")
    weight = numpy_helper.from_array(np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32), "w")
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y], [weight])
    path = tmp_path / "little.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return str(path), subject.identity(str(path), "digits", 1.0), target.load("rpi4")


class SeenError(Exception):
    """The moment that a test waits for."""


def test_the_board_is_had_alone_and_a_second_run_is_told(little, registered):
    board = registered()
    told = []

    def progress(title, *_):
        told.append(title)
        if title == "conditions before":
            with devices.leased(board, second):
                pytest.fail("the board is free while it is measured on")

    def second():
        raise SeenError

    with pytest.raises(SeenError):
        measure(*little, device="board", mode="quick", progress=progress)
    # And where another run has it, this one waits for that.
    waits = []

    def until_told(title, done, total, note=""):
        waits.append((title, note))
        if title == "board":
            raise SeenError

    with devices.leased(board, second), pytest.raises(SeenError):
        measure(*little, device="board", mode="quick", progress=until_told)
    assert waits[-1] == ("board", "waiting: another run has the board")
    assert "conditions before" not in dict(waits)


def test_a_board_without_packages_is_told_how_to_get_them_before_anything_is_pushed(little, registered, tmp_path):
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    registered(str(bare))
    with pytest.raises(RuntimeFailedError, match="board has no numpy and no onnxruntime: edgecompress devices setup"):
        measure(*little, device="board", mode="quick", progress=silent)
