"""Damage: one changed copy of a valid file, decided by a random generator and nothing else."""

import contextlib
import gzip
import io
import json
import zipfile
import zlib
from random import Random
from typing import Any

import fields

NUMBERS = (0, 1, -1, 127, 128, 255, 256, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)
DEEP = 30_000  # far beyond what Python's own parsers go down
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 0.5, -0.0, 1e308, 1e-320, 2**31, 2**63, 10**400, float("nan"), float("inf")),
    *(
        "",
        "\x1b[31mred",
        "[/x][bold]",
        "</script><b>",
        "=1+1",
        "\u202e\ud800",
        "a\nb\tc\r",
        "../../etc/passwd",
        "x" * 70_000,
    ),
    *([], {}, [[]], [0], {"a": {}}, [None]),
)
WORDS = (
    *(
        '"\\u001b[31m"',
        "nan",
        "inf",
        "-1",
        "0",
        "1e308",
        "9" * 5000,
        "true",
        "[]",
        "{}",
        "[[]]",
        "1979-05-27",
        '""',
        '"[/x]"',
    ),
    *("'''\n'''", '"\\ud800"', '"' + "x" * 5000 + '"'),
)


def mutate(kind: str, content: bytes, other: bytes, random: Random) -> bytes:
    """A damaged copy of ``content``, a file of this kind; ``other`` is a second one that pieces are taken from."""
    if kind == "record" and random.random() < 0.8:
        return _json(content, random)
    if kind in ("recipe", "target", "devices") and random.random() < 0.8:
        return _toml(content.decode(), random)
    if kind in ("npz", "har") and random.random() < 0.6:
        return _zip(content, random)
    if kind == "cifar" and random.random() < 0.6:
        return gzip.compress(_bytes(gzip.decompress(content), other, random), mtime=0)
    changed = _fields(kind, content, other, random) if random.random() < 0.7 else None
    return _bytes(content, other, random) if changed is None else changed


def _fields(kind: str, content: bytes, other: bytes, random: Random) -> bytes | None:
    """A model or container whose form is whole; ``None`` where there is none."""
    match kind:
        case "onnx":
            return fields.onnx(content, random)
        case "tflite":
            return fields.tflite(content, random)
        case "ecz":
            return fields.ecz(content, lambda data: _bytes(data, other, random))
    return None


def _bytes(content: bytes, other: bytes, random: Random) -> bytes:
    """One to four changes: bits, numbers, cuts, repeats and splices."""
    data = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        at = random.randrange(len(data)) if data else 0
        size = random.choice((1, 2, 4, 8, 64, 1024))
        match random.randrange(8):
            case 0 | 1 if data:
                data[at] ^= 1 << random.randrange(8)
            case 2 if data:
                data[at] = random.choice((0, 1, 0x7F, 0x80, 0xFF))
            case 3:
                width = random.choice((2, 4, 8))
                number = random.choice(NUMBERS) % (1 << 8 * width)
                data[at : at + width] = number.to_bytes(width, random.choice(("little", "big")))
            case 4:
                del data[at : at + size]
            case 5:
                data[at:at] = data[at : at + size]
            case 6:
                start = random.randrange(len(other))
                data[at : at + size] = other[start : start + size]
            case _:
                del data[at:]
    return bytes(data)


def _json(content: bytes, random: Random) -> bytes:
    """One to three values replaced, taken away, repeated or renamed; or nested deeply."""
    document = json.loads(content)
    for _ in range(random.choice((1, 1, 2, 3))):
        place = _place(document, random)
        if place is None:
            break
        holder, key = place
        match random.randrange(6):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.insert(key, holder[key])
            case 1:
                holder[f"{key}\x1b[1m"] = holder.pop(key)
            case _:
                holder[key] = random.choice(VALUES)
    text = json.dumps(document)
    if random.random() < 0.04:
        deep = "[" * DEEP + "]" * DEEP
        text = text.replace(": ", f': {deep}, "x": ', 1) if random.random() < 0.5 else deep
    return text.encode()


def _place(document: Any, random: Random) -> tuple[Any, Any] | None:
    """A place in the document, found by going down from its top: what is high is met as often as what is low."""
    place, at = None, document
    while isinstance(at, dict | list) and at and (place is None or random.random() < 0.85):
        key = random.choice(list(at)) if isinstance(at, dict) else random.randrange(len(at))
        place, at = (at, key), at[key]
    return place


def _toml(text: str, random: Random) -> bytes:
    """A value replaced, a line taken away or repeated, deep nesting, or a byte order mark."""
    lines = text.splitlines()
    at = random.randrange(len(lines))
    match random.randrange(8):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines.insert(at, "deep = " + "[" * DEEP + "]" * DEEP)
        case 3:
            lines.insert(at, ".".join("a" * 3000) + " = 1")
        case 4:
            return ("\ufeff" + text).encode()
        case _:
            assigned = [i for i, line in enumerate(lines) if "=" in line] or [at]
            at = random.choice(assigned)
            lines[at] = f"{lines[at].partition('=')[0]}= {random.choice(WORDS)}"
    return "\n".join(lines).encode()


def _zip(content: bytes, random: Random) -> bytes:
    """The archive with one member damaged and its checksum made right, so that what reads the member is met."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as written:
        names = archive.namelist()
        chosen = random.choice(names)
        for name in names:
            with contextlib.suppress(zipfile.BadZipFile, zlib.error):
                data = archive.read(name)
                written.writestr(name, _bytes(data, data, random) if name == chosen else data)
    return made.getvalue()
