"""What a session holds for bench, advise and doctor alike: the board alone, and a look at it before it is measured."""

import sys

import pytest

from edgecompress import bundle
from edgecompress.bench.protocol import protocol
from edgecompress.bench.session import Asked, session
from edgecompress.devices import Device
from edgecompress.errors import InputError, RuntimeFailedError


class EndedError(Exception):
    """The moment that a test waits for."""


@pytest.fixture
def board(sshd):
    return Device(name="board", address=f"ssh://{sshd.address}", python=sys.executable, folder=str(sshd.root))


@pytest.fixture
def asked(small_bundle):
    manifest = bundle.load(small_bundle)
    return Asked(small_bundle, manifest.models, {}, manifest.target, protocol("quick"), threads=1)


def test_whoever_asks_for_a_board_that_is_measured_on_waits_or_is_told(board):
    def told(*words):
        raise EndedError(words)

    with session(board):
        with pytest.raises(EndedError) as caught, session(board, told):
            pytest.fail("two sessions have the board")
        assert caught.value.args[0] == ("board", 0, 1, "waiting: another run has the board")
        with pytest.raises(RuntimeFailedError, match="board is busy with another run on this machine"):
            session(board, waits=False).__enter__()
    with session(board, waits=False) as there:
        assert there.conditions("now").versions["numpy"]


def test_nothing_of_a_session_is_left_there(board, sshd):
    with session(board) as there:
        assert there.agent.sha256
        assert list((sshd.root / "work").iterdir())
    assert list((sshd.root / "work").iterdir()) == []


def test_the_board_is_looked_at_before_a_file_is_pushed(asked, board, tmp_path):
    bare, folder = tmp_path / "python", tmp_path / "there"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    said = []
    with (
        session(
            board.model_copy(update={"python": str(bare), "folder": str(folder)}), lambda title, *_: said.append(title)
        ) as there,
        pytest.raises(RuntimeFailedError, match="board has no numpy and no onnxruntime or litert"),
    ):
        there.measure(asked, tmp_path)
    assert set(said) == {"conditions before"}
    assert len(list((folder / "blobs").iterdir())) == 1  # the agent


def test_a_device_that_is_another_board_than_it_is_registered_as_is_a_concern(asked, small_bundle, tmp_path):
    models = {"model.onnx": bundle.load(small_bundle).models["model.onnx"]}
    only = Asked(small_bundle, models, {}, asked.board, asked.protocol, threads=1)
    with session(Device(name="here", address="local", target="rpi4")) as there:
        measured = there.measure(only, tmp_path)
    assert any(line.startswith("here is registered as rpi4 and is none: ") for line in measured.validity.concerns)
    assert measured.files["model.onnx"].latency.runs >= 100
    assert measured.files["model.onnx"].accuracy is None  # not asked for
    (kept,) = tmp_path.iterdir()
    measured.journal.forget()
    assert not kept.exists()


def test_an_address_that_is_none_ends_it_before_anything_is_had():
    with pytest.raises(InputError, match="takes no address"), session(Device(name="x", address="local:there")):
        pytest.fail("it was reached")
