import binascii
from contextlib import contextmanager

import numpy as np
import pytest

from edgecompress.deploy.serial import firmware as room
from edgecompress.deploy.serial.address import SerialAddress
from edgecompress.deploy.serial.firmware import Firmware
from edgecompress.deploy.serial.port import opened
from edgecompress.errors import DeviceLostError, RuntimeFailedError

from ...serial_board import Faults, SerialBoard

pytest.importorskip("serial")
pytest.importorskip("tflite_micro")


@contextmanager
def reached(model, **faults):
    """A firmware behind a pseudo-terminal, and the board."""
    with SerialBoard(model, faults=Faults(**faults)) as board, opened(SerialAddress(board.path, 115200)) as port:
        yield Firmware(port, 115200), board


@pytest.fixture
def model(micro_bundle):
    return micro_bundle / "model-int8.tflite"


@pytest.fixture
def rows(micro_bundle):
    x = np.load(micro_bundle / "eval.npz")["x"]
    return np.ascontiguousarray(np.moveaxis(x, 1, -1), dtype=np.float32)


def in_tflite_micro(model, row):
    from tflite_micro.python.tflite_micro.runtime import Interpreter

    interpreter = Interpreter.from_file(str(model))
    interpreter.set_input(row[np.newaxis], 0)
    interpreter.invoke()
    return np.array(interpreter.get_output(0)).ravel()


def test_what_it_is_and_what_it_computes(model, rows):
    with reached(model, log=b"I (31) tick\n") as (firmware, _):
        hello = firmware.hello()
        assert (hello.model_crc, hello.model_bytes) == (binascii.crc32(model.read_bytes()), model.stat().st_size)
        assert (hello.inputs, hello.outputs) == (rows[0].size, 10)
        assert (hello.emulated, hello.system, hello.board) == (True, "Zephyr", "a board of tests")
        cycles, outputs = firmware.infer(rows[0], hello.outputs)
        assert cycles == 1000
        np.testing.assert_array_equal(outputs, in_tflite_micro(model, rows[0]))
        assert firmware.time(3) == [1000, 1001, 1002]
        assert firmware.repeated == 0


def test_damaged_lines_are_sent_again_and_counted(model, rows):
    with reached(model, damaged_requests={3, 5}, damaged_answers={8}) as (firmware, board):
        hello = firmware.hello()
        for row in rows[:3]:
            np.testing.assert_array_equal(firmware.infer(row, hello.outputs)[1], in_tflite_micro(model, row))
        assert firmware.repeated == 3
        assert len(board.requests) > 3


def test_inputs_that_got_lost_on_the_board_are_sent_anew(model, rows):
    with reached(model, lost_inputs={2, 4}) as (firmware, board):
        hello = firmware.hello()
        np.testing.assert_array_equal(firmware.infer(rows[1], hello.outputs)[1], in_tflite_micro(model, rows[1]))
        assert firmware.repeated == 1
        assert board.requests.count("run") == 2


def test_a_line_that_is_always_damaged_is_given_up(model, rows):
    with reached(model, damaged_requests=set(range(2, 100))) as (firmware, _):
        hello = firmware.hello()
        with pytest.raises(RuntimeFailedError, match=r"stopped answering \(to 'input'\)"):
            firmware.infer(rows[0], hello.outputs)


def test_a_silent_port_is_said_in_a_line_that_names_what_to_look_at(model, monkeypatch):
    monkeypatch.setattr(room, "HELLO_SECONDS", 0.3)
    monkeypatch.setattr(room, "_HELLO_EACH", 0.1)
    with reached(model, boot=b"Guru Meditation Error\r\n", silent_from=1) as (firmware, board):
        with pytest.raises(RuntimeFailedError) as caught:
            firmware.hello()
        said = str(caught.value)
        assert said.startswith(f"nothing at {board.path} answers as a bundle's serve.cc does: is serve.cc flashed")
        assert "115200; serial:PORT@BAUD" in said
        assert said.endswith("it printed: Guru Meditation Error")
        assert "\n" not in said


def test_noise_alone_points_to_the_rate(model, monkeypatch):
    monkeypatch.setattr(room, "HELLO_SECONDS", 0.3)
    monkeypatch.setattr(room, "_HELLO_EACH", 0.1)
    pointed = pytest.raises(RuntimeFailedError, match="it sends no text: is it that baud rate")
    with reached(model, boot=b"\xf8\x00\xff\x80\n" * 3, silent_from=1) as (firmware, _), pointed:
        firmware.hello()


def test_a_board_that_falls_silent_and_one_that_is_gone(model, rows, monkeypatch):
    monkeypatch.setattr(room, "_SECONDS", 0.1)
    monkeypatch.setattr(room, "_RUN_SECONDS", 0.1)
    with reached(model, silent_from=2) as (firmware, _):
        hello = firmware.hello()
        with pytest.raises(RuntimeFailedError, match=r"stopped answering \(to '\w+'\): start it anew"):
            firmware.time(1)
    with reached(model, gone_from=3) as (firmware, _):
        firmware.hello()
        with pytest.raises(DeviceLostError, match="is gone in the middle"):
            firmware.infer(rows[0], hello.outputs)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("arena", "make kArenaSize in serve.cc larger"),
        ("invoke", "an inference fails there"),
        ("odd", r"refuses .*\(odd\)"),
    ],
)
def test_what_a_firmware_refuses_is_said(model, word, said):
    with reached(model, refuses=word) as (firmware, _), pytest.raises(RuntimeFailedError, match=said):
        firmware.hello()


def test_another_version_of_the_protocol_is_refused(model):
    with reached(model, version=2) as (firmware, _), pytest.raises(RuntimeFailedError, match="speaks version 2"):
        firmware.hello()
