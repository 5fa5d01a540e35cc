"""The decoders printed in docs/format.md read what is written, in every coder."""

from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.encode import bits, group, huffman
from edgecompress.encode.coders import escape, rice, split, wavelet
from edgecompress.encode.coders.plain import Plain
from edgecompress.encode.group import Coder
from edgecompress.encode.member import Member
from edgecompress.encode.weights import Weights

PAGE = Path(__file__).parents[2] / "docs" / "format.md"


def printed():
    """What the page defines: its indented lines are one module."""
    code = "\n".join(line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("    "))
    names: dict = {}
    exec(compile(dedent(code), PAGE.name, "exec"), names)
    return names


DOCUMENTED = printed()


def unpacked(packed, count=None):
    return DOCUMENTED["unpack"](packed.planes, packed.bits, packed.count if count is None else count)


def numbers(code):
    """Any code, by the page's decoders alone."""
    if isinstance(code, Plain):
        return code.values.tolist()
    if isinstance(code, bits.PackedBits):
        return unpacked(code)
    if isinstance(code, escape.Escape):
        # What fills the last bytes is read too, and gives nothing.
        return DOCUMENTED["escape"](unpacked(code.codes, code.codes.padded), code.codes.bits)
    low = unpacked(code.low) if code.low else None
    if isinstance(code, rice.Rice):
        return DOCUMENTED["rice"](code.unary.tolist(), low, code.k)
    starts, steps = code.starts.tolist(), code.steps.tolist()
    skewed = {level: (found.rare, found.k, found.unary) for level, found in code.skewed.items()}
    return DOCUMENTED["wavelet"](unpacked(code.levels), skewed, code.leaves_at, starts, steps, low, code.k, code.count)


@pytest.mark.parametrize("width", range(1, 9))
@given(data=st.data())
def test_packed_numbers(width, data):
    values = data.draw(st.lists(st.integers(0, 2**width - 1), max_size=40))
    assert unpacked(bits.pack(np.array(values, np.uint8), width)) == values


@given(gaps=st.lists(st.one_of(st.integers(0, 40), st.integers(0, 5000)), min_size=1, max_size=40))
def test_gaps_in_every_coder(gap_coder, gaps):
    encode = {"rice": rice.encode, "escape": escape.encode, "wavelet": wavelet.encode}[gap_coder.kind]
    if gap_coder.kind == "wavelet":
        gaps = [gap % (wavelet.CLASSES << gap_coder.bits) for gap in gaps]
    assert numbers(encode(np.array(gaps), gap_coder.bits)) == gaps


@pytest.mark.parametrize("k", range(3))
@pytest.mark.parametrize("distinct", [1, 2, 3, 30, 256])
@pytest.mark.parametrize("level", [0, wavelet.LEVEL])
def test_skewed_indices_in_a_wavelet_matrix(monkeypatch, distinct, k, level):
    monkeypatch.setattr(wavelet, "LEVEL", level)
    values = np.minimum(np.random.default_rng(k).geometric(0.3, 900) - 1, distinct - 1)
    values[:distinct] = np.arange(distinct)
    assert numbers(wavelet.encode(values, k)) == values.tolist()


@pytest.mark.parametrize("shares", [[0.97, 0.03], [0.52, 0.4, 0.05, 0.03], [0.9, 0.07, 0.03]])
def test_skewed_levels(monkeypatch, shares):
    monkeypatch.setattr(wavelet, "SKEWED", 0)
    values = np.random.default_rng(0).choice(len(shares), 2000, p=shares)
    code = wavelet.encode(values, 0)
    assert code.skewed
    assert numbers(code) == values.tolist()


@given(counts=st.lists(st.integers(0, 50), min_size=2, max_size=30))
def test_codes_are_assigned_as_described(counts):
    """Level by level: the children of the inner nodes, all 0-children first; the last are the leaves."""
    counts = np.array(counts)
    lengths = huffman.lengths(counts)
    shape = wavelet.TreeShape(counts, lengths)
    nodes, codes = [""], {}
    for length in range(1, int(lengths.max()) + 1):
        children = [node + side for side in "01" for node in nodes]
        leaves = np.flatnonzero(lengths == length).tolist()
        nodes = children[: len(children) - len(leaves)]
        codes |= dict(zip(leaves, children[len(nodes) :], strict=True))
    assert {
        symbol: "".join(map(str, shape.codes[symbol, : lengths[symbol]])) for symbol in np.flatnonzero(lengths)
    } == codes


def test_a_whole_group(grouped, clustered):
    arrays = {f"sparse {n}": clustered((6, 5, 3, 3), 0.5 + 0.09 * n, 20, n) for n in range(6)}
    arrays["far"] = np.append(np.zeros(3000, np.float32), np.float32(1))
    arrays["whole"] = clustered((30, 4), 0.1, 9)
    arrays["halves"] = np.append(np.zeros(9), np.arange(1, 600) / 4).astype(np.float32)
    arrays["plain"] = np.append(np.zeros(9), np.arange(1, 600) / 10).astype(np.float32)
    members = [Member.of(name, Weights(array), sparse=name != "whole") for name, array in arrays.items()]
    encoded = grouped(
        members,
        [
            (Coder("rice", 1), ["sparse 3", "sparse 0", "halves"]),
            (Coder("escape", 3), ["sparse 1", "plain"]),
            (Coder("wavelet", 0), ["sparse 2", "far"]),
            (Coder("wavelet", 2), ["sparse 4", "sparse 5"]),
        ],
        [
            (Coder("wavelet", 1), ["far", "sparse 1", "sparse 2", "whole"]),
            (Coder("packed", 5), ["sparse 0", "sparse 3"]),
            (Coder("packed", 8), ["sparse 5", "sparse 4"]),
            (Coder("float16"), ["halves"]),
            (Coder("float32"), ["plain"]),
        ],
    )
    streams = [[(stream.names, numbers(stream.code)) for stream in kind] for kind in (encoded.gaps, encoded.values)]
    decoded = DOCUMENTED["group"](encoded.parts, *streams)
    assert decoded.keys() == group.decode(encoded).keys() == arrays.keys()
    for name, array in arrays.items():
        assert decoded[name].shape == array.shape
        assert decoded[name].tobytes() == array.tobytes()


@given(values=st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=40))
def test_split_values(values):
    patterns = np.array(values, np.float32).view(np.uint32)
    patterns = patterns[[split.fits(patterns[n : n + 1]) for n in range(len(patterns))]] if len(patterns) else patterns
    found = split.fractions(patterns)
    back = DOCUMENTED["split"](split.scales(patterns).view(np.float32), found.middle, found.low)
    assert back.astype(np.float32).view(np.uint32).tolist() == patterns.tolist()
