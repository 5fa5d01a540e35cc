"""Containers that are whole, cut, flipped and forged."""

import hashlib
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecompress.agent.ecz import ContainerError, blocks, contents, unpack
from edgecompress.agent.ecz.container import BLOCK, PRELUDE, is_plain_name
from edgecompress.agent.ecz.limits import MAGIC, VERSION
from edgecompress.formats.ecz.block import varint
from edgecompress.formats.ecz.pack import pack_container
from edgecompress.progress import silent

GOLDEN = Path(__file__).parents[2] / "golden"
HEADER = PRELUDE.size


def container(files, blocks=(), version=VERSION):
    """A container of files (name, size, SHA-256) and payloads, with checksums that match."""
    entries = [
        varint(len(name.encode())) + name.encode() + varint(size) + digest.ljust(32, b"\0")
        for name, size, digest in files
    ]
    header = b"".join(entries)
    prelude = PRELUDE.pack(MAGIC, version, 0, len(header), zlib.crc32(header))
    return prelude + header + b"".join(BLOCK.pack(len(each), zlib.crc32(each)) + each for each in blocks)


def refused(data, folder):
    """The one line with which a container is refused; nothing may be left behind."""
    source = folder / "given.ecz"
    source.write_bytes(data)
    with pytest.raises(ContainerError) as refusal:
        unpack(source, folder / "out" / "model", max_ratio=float("inf"))
    assert "\n" not in str(refusal.value)
    assert not list((folder / "out").glob("*")) if (folder / "out").exists() else True
    return str(refusal.value)


def checked(data):
    """``data`` with the checksums that its header and its blocks should have."""
    made = bytearray(data)
    size = struct.unpack_from("<I", made, 12)[0]
    at = HEADER + size
    made[16:20] = struct.pack("<I", zlib.crc32(made[HEADER:at]))
    while at + BLOCK.size <= len(made):
        size = struct.unpack_from("<I", made, at)[0]
        made[at + 4 : at + 8] = struct.pack("<I", zlib.crc32(made[at + 8 : at + 8 + size]))
        at += BLOCK.size + size
    return bytes(made)


def with_stored_heads(data):
    """The same container with descriptions that are not deflated, so that what is changed in them is read."""
    at = HEADER + struct.unpack_from("<I", data, 12)[0]
    made = data[:at]
    while at < len(data):
        size, _ = BLOCK.unpack_from(data, at)
        payload, at = data[at + BLOCK.size : at + BLOCK.size + size], at + BLOCK.size + size
        if payload[0] == blocks.SECTIONS:
            kind, packing, lanes, stored, *lengths = blocks.SECTIONS_HEAD.unpack_from(payload)
            start = blocks.SECTIONS_HEAD.size
            head = blocks.inflate(payload[start : start + stored], packing, 1 << 20)
            payload = (
                blocks.SECTIONS_HEAD.pack(kind, blocks.STORED, lanes, len(head), *lengths)
                + head
                + payload[start + stored :]
            )
        made += BLOCK.pack(len(payload), zlib.crc32(payload)) + payload
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("containers")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The bytes of a container of a thousand bytes or two with sections of several kinds, and of what is in it."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    generator = np.random.default_rng(3)
    base = np.float32([0, 0, 0, 0, 0, 0, 0.5, 2, -1])[generator.integers(0, 9, (8, 60))]
    arrays = [
        base,
        (base * generator.uniform(-1, 1, (8, 1))).astype(np.float32),
        np.cumsum(generator.integers(0, 9, 200)),
        generator.normal(size=150).astype(np.float32),
    ]
    tensors = [numpy_helper.from_array(array, f"w{number}") for number, array in enumerate(arrays)]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", ends[:1], ends[1:], tensors)
    where = tmp_path_factory.mktemp("small")
    onnx.save(helper.make_model(graph), where / "model.onnx")
    pack_container(where / "model.onnx", where / "model.ecz", progress=silent)
    data = (where / "model.ecz").read_bytes()
    return with_stored_heads(data), (where / "model.onnx").read_bytes()


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.ecz")), ids=lambda path: path.stem)
def test_containers_of_earlier_versions_stay_readable(path, tmp_path):
    named = {line.split()[1]: line.split()[0] for line in (GOLDEN / "SHA256SUMS").read_text().splitlines()}
    entries = contents(path)
    written = unpack(path, tmp_path / entries[0].name)
    assert [each.name for each in written] == [entry.name for entry in entries]
    for each in written:
        assert hashlib.sha256(each.read_bytes()).hexdigest() == named[f"{path.stem}/{each.name}"]
    assert len(list(tmp_path.iterdir())) == len(entries)
    assert written[0].stat().st_mode & 0o777 == 0o666 & ~os.umask(os.umask(0o22))


def test_progress_ends_at_the_size(small, tmp_path):
    (tmp_path / "model.ecz").write_bytes(small[0])
    told = []
    unpack(tmp_path / "model.ecz", tmp_path / "model", progress=lambda *state: told.append(state))
    assert told[-1] == (len(small[1]), len(small[1]))
    assert contents(tmp_path / "model.ecz")[0].sha256 == hashlib.sha256(small[1]).digest()


def test_every_truncation_is_refused(small, folder):
    data = small[0]
    for length in range(len(data)):
        line = refused(data[:length], folder)
        assert ("too early" if length >= len(MAGIC) else "not an .ecz container") in line


@settings(max_examples=300)
@given(st.data())
def test_flipped_bits_are_found(small, folder, data):
    made = bytearray(small[0])
    places = st.integers(0, 8 * len(made) - 1)
    for place in data.draw(st.sets(places, min_size=1, max_size=4)):
        made[place // 8] ^= 1 << place % 8
    refused(bytes(made), folder)


@settings(max_examples=250)
@given(st.data())
def test_forgeries_with_matching_checksums_are_found_or_harmless(small, folder, data):
    made = bytearray(small[0])
    changes = st.tuples(st.integers(HEADER, len(made) - 1), st.integers(0, 255))
    for place, byte in data.draw(st.lists(changes, min_size=1, max_size=4)):
        made[place] = byte
    source, target = folder / "forged.ecz", folder / "forged"
    source.write_bytes(checked(made))
    try:
        unpack(source, target)
    except ContainerError as error:
        assert "\n" not in str(error)
    else:
        assert target.read_bytes() == small[1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (container([("a", 1 << 61, b"")]), "room"),
        (container([("a", 5, b"")], [b"\x01\0\x05\0\0\0" + b"12345"]), "not unpack to the file"),
        (container([("a", 0, hashlib.sha256().digest())]) + b"more", "behind its end"),
        (container([("a", 0, hashlib.sha256().digest())] * 2), "no name"),
        (container([("../a", 0, b"")]), "no name"),
        (container([("", 0, b"")]), "no name"),
        (container([], []), "damaged"),
        (container([("a", 0, b"")], version=3), "newer"),
        (container([("a", 0, b"")])[:12] + b"\xff\xff\xff\xff" + bytes(4), "claims"),
        (container([("a", 9, b"")]) + b"\xff\xff\xff\xff" + bytes(9), "claims"),
        (b"PK\x03\x04 something else", "not an .ecz container"),
    ],
    ids=["room", "hash", "longer", "same", "path", "empty", "no files", "version", "header", "block", "magic"],
)
def test_what_is_wrong_is_said(data, said, tmp_path):
    assert said in refused(data, tmp_path)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a\\b", "a\0b", "C:a", "a\nb", "ä" * 200])
def test_names_that_lead_elsewhere(name):
    assert not is_plain_name(name)


def test_names_are_plain():
    assert is_plain_name("model v1.2_größe.onnx.data")


def test_files_that_are_in_the_way(small, tmp_path):
    with pytest.raises(ContainerError, match="cannot read"):
        contents(tmp_path / "absent.ecz")
    source = tmp_path / "model.ecz"
    source.write_bytes(small[0])
    with pytest.raises(ContainerError, match="container itself"):
        unpack(source, source)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ContainerError, match="directory"):
        unpack(source, tmp_path / "folder")
    with pytest.raises(ContainerError, match="cannot unpack"):
        unpack(source, source / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "model.ecz"]
    twice = tmp_path / "twice.ecz"
    twice.write_bytes(container([("a", 0, hashlib.sha256().digest()), ("b", 0, hashlib.sha256().digest())]))
    with pytest.raises(ContainerError, match="another name"):
        unpack(twice, tmp_path / "b")


UNDER_A_LIMIT = """
import random, re, resource, sys
from pathlib import Path
from edgecompress.agent.ecz import ContainerError, unpack
import lzma
used = int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) << 10
resource.setrlimit(resource.RLIMIT_AS, (used + (96 << 20),) * 2)
resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20,) * 2)
for path in sorted(Path(sys.argv[1]).glob("*.ecz")):
    try:
        unpack(path, path.with_suffix(".out"))
    except ContainerError as error:
        assert "memory" not in str(error), (path, error)
        print(path.name, "refused")
"""


def test_forgeries_allocate_nothing_large(small, tmp_path):
    """Every byte of the descriptions set to 255 in turn, with checksums that match, under a limit of 96 MiB more."""
    data = small[0]
    end = HEADER + struct.unpack_from("<I", data, 12)[0]
    for place in [*range(HEADER, end), *range(end + 8, min(len(data), end + 300))]:
        (tmp_path / f"{place}.ecz").write_bytes(checked(data[:place] + b"\xff" + data[place + 1 :]))
    count = len(list(tmp_path.glob("*.ecz")))
    done = subprocess.run(
        [sys.executable, "-c", UNDER_A_LIMIT, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("refused") > 0.9 * count
