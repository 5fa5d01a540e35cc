"""Damage to the fields of a model: one value of one message or table changed, and the whole serialised again.

A changed byte mostly ends a reader at its first check. What is whole in form and wrong in what it says gets further.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as tables
from google.protobuf.message import Message
from onnx import ModelProto, defs

NUMBERS = (0, 1, 2, 3, 5, 7, 8, 13, 16, 18, 21, 64, 255, 2**16, 2**24, 2**31 - 1, 2**31, 2**40, 2**63 - 1)
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-30, 1e30, float("nan"), float("inf"), float("-inf"))
TEXTS = ("", "x", "y", "a b", "/", "../x", "\x1b[31m", "[/x]", "ai.onnx", "com.microsoft", "x" * 3000)
OPERATORS = tuple(sorted({schema.name for schema in defs.get_all_schemas() if not schema.domain}))


def onnx(content: bytes, random: Random) -> bytes:
    """An ONNX model with one to three of its fields changed."""
    model = ModelProto.FromString(content)
    for _ in range(random.choice((1, 1, 2, 3))):
        messages = list(_messages(model))
        _change(random.choice(messages), messages, random)
    return model.SerializeToString()


def _messages(message: Message) -> Iterator[Message]:
    """The message and all those in it that hold anything."""
    yield message
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for each in value if field.is_repeated else [value]:
                yield from _messages(each)


def _change(message: Message, messages: list[Message], random: Random) -> None:
    fields = message.ListFields()
    # Now and then a field that is not there: attributes of a type that they do not state, tensors with two payloads.
    absent = [(field, None) for field in message.DESCRIPTOR.fields if field.type != field.TYPE_MESSAGE]
    if not fields or random.random() < 0.1:
        fields = absent or fields
    if not fields:
        return
    field, value = random.choice(fields)
    if field.type == field.TYPE_MESSAGE:
        _change_messages(message, field, messages, random)
    elif field.is_repeated:
        _change_list(getattr(message, field.name), field, random)
    else:
        setattr(message, field.name, _scalar(field, value, random))


def _change_messages(message: Message, field: Any, messages: list[Message], random: Random) -> None:
    """A message taken away, repeated, moved, or replaced by another of its type from anywhere in the model."""
    others = [each for each in messages if field.message_type == each.DESCRIPTOR]
    if not field.is_repeated:
        other = type(getattr(message, field.name)).FromString(random.choice(others).SerializeToString())
        message.ClearField(field.name)
        if random.random() < 0.6:
            getattr(message, field.name).CopyFrom(other)
        return
    held = getattr(message, field.name)
    at = random.randrange(len(held))
    match random.randrange(4):
        case 0:
            del held[at]
        case 1:
            held.append(held[at])
        case 2:
            held[at].CopyFrom(type(held[at]).FromString(random.choice(others).SerializeToString()))
        case _:
            moved = list(held)
            moved.insert(random.randrange(len(moved)), moved.pop(at))
            copies = [type(each).FromString(each.SerializeToString()) for each in moved]
            del held[:]
            held.extend(copies)


def _change_list(held: Any, field: Any, random: Random) -> None:
    """An entry of a list of numbers or texts changed, taken away, added, or two swapped."""
    at = random.randrange(len(held)) if held else 0
    match random.randrange(5):
        case 0 if held:
            del held[at]
        case 1 if len(held) > 1:
            other = random.randrange(len(held))
            held[at], held[other] = held[other], held[at]
        case 2 if held:
            held[at] = _scalar(field, held[at], random)
        case _:
            held.append(_scalar(field, held[at] if held else None, random))


def _scalar(field: Any, value: Any, random: Random) -> Any:
    """Another value for a field that is no message."""
    if field.type == field.TYPE_STRING:
        return random.choice(OPERATORS if field.name == "op_type" and random.random() < 0.8 else TEXTS)
    if field.type == field.TYPE_BYTES:
        data = value or b"some"
        return random.choice(
            (b"", data[:-1], data + data, data[: len(data) // 2], bytes(len(data)), b"\xff" * len(data))
        )
    if field.cpp_type in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
        return random.choice(FLOATS)
    if field.enum_type:
        return random.choice(field.enum_type.values).number
    if field.name in ("data_type", "elem_type"):
        return random.randrange(26)
    number = random.choice((*NUMBERS, -1, -2, (value or 0) + 1, (value or 0) - 1))
    low, high = _RANGES[field.cpp_type](field)
    return min(max(number, low), high)


_RANGES: dict[int, Callable[[Any], tuple[int, int]]] = {
    1: lambda _: (-(2**31), 2**31 - 1),
    2: lambda _: (-(2**63), 2**63 - 1),
    3: lambda _: (0, 2**32 - 1),
    4: lambda _: (0, 2**64 - 1),
    7: lambda _: (0, 1),
}
"""What a field of whole numbers holds, by ``FieldDescriptor.cpp_type``."""


def tflite(content: bytes, random: Random) -> bytes | None:
    """A TFLite model with one to three of its fields changed; ``None`` where the change cannot be written."""
    model = tables.ModelT.InitFromPackedBuf(content, 0)
    for _ in range(random.choice((1, 1, 2, 3))):
        # A buffer's bytes and a table's scalars are met as often as each other: tables are chosen first.
        found = list(_tables(model))
        _change_table(random.choice(found), found, random)
    builder = flatbuffers.Builder(1024)
    try:
        builder.Finish(model.Pack(builder), b"TFL3")
    except (TypeError, ValueError, AttributeError, struct.error, OverflowError):
        return None
    return bytes(builder.Output())


def _tables(table: Any) -> Iterator[Any]:
    yield table
    for value in vars(table).values():
        for each in value if isinstance(value, list) else [value]:
            if hasattr(each, "Pack"):
                yield from _tables(each)


def _change_table(table: Any, found: list[Any], random: Random) -> None:
    name = random.choice([*vars(table)] or [""])  # options without fields are tables too
    value = getattr(table, name, None)
    if isinstance(value, np.ndarray) or (isinstance(value, list) and value and isinstance(value[0], int | float)):
        setattr(table, name, _changed_vector(np.array(value), random))
    elif isinstance(value, list) and value:
        at = random.randrange(len(value))
        match random.randrange(3):
            case 0:
                del value[at]
            case 1:
                value.append(value[at])
            case _:
                value[at] = random.choice([each for each in found if type(each) is type(value[at])] or [value[at]])
    elif isinstance(value, bool):
        setattr(table, name, not value)
    elif isinstance(value, int):
        setattr(table, name, random.choice((*NUMBERS[:14], -1, value + 1, value - 1)))
    elif isinstance(value, float):
        setattr(table, name, random.choice(FLOATS))
    elif isinstance(value, bytes | str):
        setattr(table, name, random.choice(TEXTS))
    elif value is not None:
        others = [each for each in found if type(each) is type(value)]
        setattr(table, name, random.choice([None, *others]))


def _changed_vector(vector: Any, random: Random) -> Any:
    """A vector of numbers with an entry changed, one more, one less, or none."""
    match random.randrange(5):
        case 0:
            return vector[:-1]
        case 1 if len(vector):
            return np.append(vector, vector[-1:])
        case 2:
            return vector[:0]
        case _ if len(vector):
            at = random.randrange(len(vector))
            limits = np.iinfo(vector.dtype) if vector.dtype.kind in "iu" else None
            number = random.choice((*NUMBERS, -1, -2)) if limits else random.choice(FLOATS)
            vector = vector.copy()
            vector[at] = min(max(number, int(limits.min)), int(limits.max)) if limits else number
    return vector


def ecz(content: bytes, changed: Callable[[bytes], bytes]) -> bytes:
    """A container with ``changed`` bytes behind its start, and the checksums that its header and blocks then have."""
    data = bytearray(content[:20] + changed(content[20:]))
    size = min(struct.unpack_from("<I", data, 12)[0], len(data) - 20)
    data[16:20] = struct.pack("<I", zlib.crc32(data[20 : 20 + size]))
    at = 20 + size
    while at + 8 <= len(data):
        size = struct.unpack_from("<I", data, at)[0]
        data[at + 4 : at + 8] = struct.pack("<I", zlib.crc32(data[at + 8 : at + 8 + size]))
        at += 8 + size
    return bytes(data)
