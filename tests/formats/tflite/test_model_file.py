import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecompress.errors import InputError
from edgecompress.formats.tflite import model_file, tables
from edgecompress.formats.tflite.schema import schema
from edgecompress.formats.tflite.weights import Stored


def _file(build, **fields):
    x, y = build.tensor("x", (1, 4)), build.tensor("y", (1, 3))
    w = build.weight("w", Stored(np.arange(12, dtype=np.float16).reshape(3, 4)))
    build.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions", fusedActivationFunction=1)
    return build.file([x], [y], **fields)


def test_what_is_not_changed_is_written_as_it_was_read(foreign, tmp_path):
    s = schema()
    build = foreign()
    build.buffers.append(np.frombuffer(b"1.14.0", np.uint8))
    fields = {
        "metadata": [s.MetadataT(name="min_runtime_version", buffer=1)],
        "signatureDefs": [
            s.SignatureDefT(inputs=[s.TensorMapT("x", 0)], outputs=[s.TensorMapT("y", 1)], signatureKey="serve")
        ],
    }
    path = tmp_path / "model.tflite"
    path.write_bytes(_file(build, **fields))
    data, model = model_file.parse(path)
    again = model_file.serialize(model)
    assert data == path.read_bytes()
    assert again == data
    assert [model_file.operator_name(model, each) for each in model.subgraphs[0].operators] == [
        "DEQUANTIZE",
        "FULLY_CONNECTED",
    ]


def test_a_file_that_stays_where_it_is_is_parsed_to_the_same_tree(foreign, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(_file(foreign()))
    with model_file.parsed(path) as model:
        assert model_file.serialize(model) == path.read_bytes()
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(InputError, match="damaged"), model_file.parsed(path):
        pass


def test_buffers_behind_the_flatbuffer_come_inside(foreign, tmp_path):
    build = foreign()
    inside = _file(build)
    model = build.model([0], [1])
    behind = build.buffers[1].tobytes()
    model.buffers[1] = schema().BufferT(offset=2, size=len(behind))
    length = len(tables.serialized(model, 0))
    model.buffers[1] = schema().BufferT(offset=length, size=len(behind))
    path = tmp_path / "model.tflite"
    path.write_bytes(tables.serialized(model, 0) + behind)
    assert model_file.serialize(model_file.parse(path)[1]) == inside


def test_parts_in_other_files_are_refused(foreign, tmp_path):
    s = schema()
    path = tmp_path / "model.tflite"
    path.write_bytes(_file(foreign(), externalBuffers=[s.ExternalBufferT(id=1, offset=0, length=4)]))
    with pytest.raises(InputError, match=r"model\.tflite keeps weights in other files"):
        model_file.parse(path)


def test_a_file_beyond_two_gibibytes_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.tflite"
    with path.open("wb") as stream:
        stream.truncate(1 << 31)
    with pytest.raises(InputError, match=r"huge\.tflite is larger than 2 GiB"):
        model_file.parse(path)


@settings(max_examples=200)
@given(st.data())
def test_damage_is_one_line(foreign, tmp_path_factory, data):
    sample = bytearray(_file(foreign()))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(8, len(sample) - 4))
        number = data.draw(st.sampled_from([0, 1, 0x7F, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(sample)]))
        sample[place : place + 4] = number.to_bytes(4, "little")
    path = tmp_path_factory.getbasetemp() / "damaged.tflite"
    path.write_bytes(sample)
    try:
        model_file.parse(path)
    except InputError as error:
        assert "\n" not in str(error)
