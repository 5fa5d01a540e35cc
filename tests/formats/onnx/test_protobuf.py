import pytest
from onnx import TensorProto

from edgecompress.formats.onnx.protobuf import BYTES, VARINT, fields, head, varints


def test_fields_of_a_message_that_protobuf_wrote():
    tensor = TensorProto(dims=[3, 1 << 40], data_type=1, name="weights", raw_data=b"12345678", double_data=[1.0])
    data = b"before" + tensor.SerializeToString()
    found = list(fields(data, 6, len(data)))
    assert [n for each in found if each.number == 1 for n in varints(data, each)] == [3, 1 << 40]
    assert [(each.wire, each.value) for each in found if each.number == 2] == [(VARINT, 1)]
    texts = {each.number: data[each.start : each.stop] for each in found if each.wire == BYTES}
    assert (texts[8], texts[9], texts[10]) == (b"weights", b"12345678", b"\0\0\0\0\0\0\xf0?")


def test_packed_numbers():
    data = bytes([0x0A, 3, 5, 0x80, 1])
    (field,) = fields(data, 0, len(data))
    assert list(varints(data, field)) == [5, 128]


@pytest.mark.parametrize(
    "data",
    [b"\x0a", b"\x0a\x05abc", b"\x0b\x01", b"\x02\x01a", b"\x0d123", b"\x08\x80", b"\x08" + b"\xff" * 12],
    ids=["no length", "too long", "group", "field 0", "short", "cut number", "endless number"],
)
def test_what_is_no_message(data):
    with pytest.raises(ValueError, match=r"message|wire type"):
        list(fields(data, 0, len(data)))


@pytest.mark.parametrize("length", [0, 1, 127, 128, 300, 1 << 21])
def test_a_field_is_written_as_protobuf_writes_it(length):
    tensor = TensorProto(raw_data=bytes(length))
    data = tensor.SerializeToString()
    assert head(9, length) + bytes(length) == data
    assert head(25, length)[0] == 0xCA  # a number beyond 15 takes a second byte
    (field,) = fields(data, 0, len(data))
    assert (field.begin, field.start, field.stop) == (0, len(data) - length, len(data))
