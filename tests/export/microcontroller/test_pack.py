import numpy as np
import pytest

from edgecompress.errors import CheckError, InputError
from edgecompress.export.microcontroller import pack as module
from edgecompress.export.microcontroller.pack import pack_decoding
from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.schema import schema
from edgecompress.progress import silent
from edgecompress.report.packed import packed

pytestmark = pytest.mark.usefixtures("micro")
NAME = "model-int8.tflite"


@pytest.fixture
def micro():
    return pytest.importorskip("tflite_micro.python.tflite_micro.runtime")


def pack(source, target, **more):
    return pack_decoding(source, target, **{"encoding": "smallest", "largest": None, "progress": silent, **more})


def outputs(micro, path, rows):
    made, found = micro.Interpreter.from_file(str(path), arena_size=1 << 22), []
    for row in rows:
        made.set_input(np.ascontiguousarray(np.moveaxis(row, 0, -1)[np.newaxis]), 0)
        made.invoke()
        found.append(np.array(made.get_output(0)))
    return found


@pytest.mark.parametrize("largest", [None, 20_000])
def test_a_file_of_other_tools_gets_smaller_and_answers_alike(micro, int8_bundle, tmp_path, largest):
    source, target = int8_bundle / NAME, tmp_path / "small.tflite"
    made = pack(source, target, largest=largest)
    assert made.bytes == target.stat().st_size < 0.4 * made.source_bytes
    assert made.arena_bytes > made.source_arena_bytes
    assert made.proof.compared
    rows = np.load(int8_bundle / "eval.npz")["x"][:10]
    assert np.array_equal(outputs(micro, source, rows), outputs(micro, target, rows))
    (proof, arena) = packed(made, source, target).first
    assert proof == "proved: weights identical, 1 output compared"
    assert f"{made.arena_bytes:,} bytes, and {made.source_arena_bytes:,} of the source" in arena


def test_less_is_decoded_at_once_in_less_ram(int8_bundle, tmp_path):
    whole, parts = (pack(int8_bundle / NAME, tmp_path / "a.tflite", largest=largest) for largest in (None, 20_000))
    assert parts.arena_bytes < 0.6 * whole.arena_bytes
    assert whole.bytes < parts.bytes < 1.2 * whole.bytes


def test_a_file_that_gets_no_smaller_is_copied(int8_bundle, tmp_path):
    target = tmp_path / "same.tflite"
    made = pack(int8_bundle / NAME, target, largest=1)
    assert made.copied
    assert target.read_bytes() == (int8_bundle / NAME).read_bytes()


def test_a_file_without_a_weight_to_code_may_get_smaller_and_is_proved_then(micro, int8_bundle, tmp_path):
    """Other tools leave tensors behind that nothing reads, which take room in RAM too."""
    _, model = model_file.parse(int8_bundle / NAME)
    s = schema()
    model.buffers.append(s.BufferT(data=np.arange(5000, dtype=np.uint16).view(np.uint8)))
    unread = [len(model.buffers) - 1, 0]
    model.subgraphs[0].tensors += [s.TensorT(shape=[10_000], type=s.TensorType.INT8, buffer=place) for place in unread]
    source, target = tmp_path / "theirs.tflite", tmp_path / "small.tflite"
    source.write_bytes(model_file.serialize(model))
    made = pack(source, target, largest=1)
    assert (made.copied, made.proof is None) == (False, False)
    assert made.bytes == target.stat().st_size < made.source_bytes - 9000
    assert made.arena_bytes < made.source_arena_bytes - 4000
    rows = np.load(int8_bundle / "eval.npz")["x"][:3]
    assert np.array_equal(outputs(micro, source, rows), outputs(micro, target, rows))


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("model.onnx", "small.tflite", r"runs \.tflite files"),
        (NAME, "small.ecz", r"runs \.tflite files"),
        ("model.tflite", "small.tflite", "has no DENSIFY"),
        ("absent.tflite", "small.tflite", "absent.tflite"),
    ],
)
def test_what_is_not_for_the_runtime_is_refused(int8_bundle, tmp_path, source, target, message):
    with pytest.raises(InputError, match=message):
        pack(int8_bundle / source, tmp_path / target)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_that_computes_something_else(int8_bundle, tmp_path, monkeypatch):
    real = module.write_decoding

    def wrong(source, target, **options):
        ledger = real(source, target, **options)
        data = bytearray(target.read_bytes())
        place = data.index(b"\x01\x01\x00\x00\x01") + 16  # the tables behind the header of a Huffman form
        data[place] ^= 1
        target.write_bytes(data)
        return ledger

    monkeypatch.setattr(module, "write_decoding", wrong)
    with pytest.raises(CheckError, match="computes something else"):
        pack(int8_bundle / NAME, tmp_path / "small.tflite")
    assert list(tmp_path.iterdir()) == []
