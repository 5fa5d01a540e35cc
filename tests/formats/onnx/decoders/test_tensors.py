"""Whole tensors and groups: what onnxruntime computes when it loads a file is what NumPy decodes, and the original."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecompress.encode import group, single
from edgecompress.encode.coders import wavelet
from edgecompress.encode.group import Coder, Planned
from edgecompress.encode.member import Member
from edgecompress.encode.weights import Weights
from edgecompress.formats.onnx.builder import Builder, NameScope
from edgecompress.formats.onnx.decoders import tensors

SHAPES = {
    "vector": (300,),
    "matrix": (48, 70),
    "conv1d": (16, 12, 5),
    "conv2d": (16, 8, 3, 3),
    "conv3d": (6, 4, 3, 3, 3),
    "1x1": (32, 48, 1, 1),
    "one kernel": (1, 1, 40, 40),
}
SPARSITY = {"half": 0.5, "sparse": 0.9, "very sparse": 0.99}
GAPS = [Coder("rice", 0), Coder("rice", 3), Coder("escape", 4), Coder("escape", 8), Coder("wavelet", 0)]
INDICES = [Coder("packed", 5), Coder("packed", 8), Coder("wavelet", 0), Coder("wavelet", 1)]


def encoded(arrays, gaps, values):
    """A group of sparse tensors in one stream each of gaps and of values; without ``gaps`` all elements are stored."""
    members = [Member.of(name, Weights(array), sparse=gaps is not None) for name, array in arrays.items()]
    if gaps and gaps.kind == "wavelet":
        members = [each.filled(gaps.bits) for each in members]
    made = group.encode([Planned(tuple(members), gaps, 0)] if gaps else [], [Planned(tuple(members), values, 0)])
    decoded = group.decode(made)
    assert all(decoded[name].tobytes() == array.tobytes() for name, array in arrays.items())
    return made


def clustered(shape, sparsity, values, seed=0):
    generator = np.random.default_rng(seed)
    array = generator.choice(generator.normal(size=values).astype(np.float32), shape)
    array[generator.random(shape) < sparsity] = 0
    return array


def check(decoded_when_loaded, arrays, made, opset=18, *, reference=False):
    found = decoded_when_loaded(made, opset, reference=reference)
    for name, array in arrays.items():
        assert (found[name].shape, found[name].dtype) == (array.shape, np.float32)
        assert found[name].tobytes() == array.tobytes()


@pytest.mark.parametrize("values", INDICES, ids=str)
@pytest.mark.parametrize("gaps", GAPS, ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_coder_in_every_shape(decoded_when_loaded, shape, gaps, values):
    arrays = {name: clustered(SHAPES[shape], sparsity, 20) for name, sparsity in SPARSITY.items()}
    arrays |= {"one element": np.zeros(SHAPES[shape], np.float32), "one value": clustered(SHAPES[shape], 0.8, 1)}
    arrays["one element"].reshape(-1)[-2] = 0.5
    check(decoded_when_loaded, arrays, encoded(arrays, gaps, values))


@pytest.mark.parametrize(
    "shape", [(16, 12, 5), (16, 8, 3, 3), (6, 4, 3, 3, 3), (32, 48, 1, 1), (1, 1, 40, 40)], ids=str
)
def test_kernels_that_are_large_are_filled_without_a_second_pass(decoded_when_loaded, monkeypatch, shape):
    monkeypatch.setattr(group, "LARGE", 2)
    arrays = {name: clustered(shape, sparsity, 20) for name, sparsity in SPARSITY.items()}
    arrays["one element"] = np.zeros(shape, np.float32)
    arrays["one element"].reshape(-1)[3] = 0.5
    made = encoded(arrays, Coder("rice", 2), Coder("packed", 5))
    build = Builder(NameScope(set(arrays), 18))
    last = {name: value.producer().op_type for name, value in tensors.group(build, made).items()}
    # A kernel of one element has no room for elements filled up to one in each.
    assert last["very sparse"] == ("Reshape" if shape[2:] == (1, 1) else "MaxUnpool")
    assert last["half"] == "Reshape"
    check(decoded_when_loaded, arrays, made, reference=True)


@pytest.mark.parametrize("opset", [13, 17, 21])
@pytest.mark.parametrize(("gaps", "values"), zip(GAPS, [*INDICES, INDICES[0]], strict=True), ids=str)
def test_every_opset(decoded_when_loaded, gaps, values, opset):
    # The reference implementation looks values up in a table of at most 64.
    arrays = {name: clustered(shape, 0.9, 9) for name, shape in SHAPES.items()}
    check(decoded_when_loaded, arrays, encoded(arrays, gaps, values), opset, reference=True)


@pytest.mark.parametrize("opset", [13, 18])
@pytest.mark.parametrize("gaps", [None, Coder("rice", 2), Coder("wavelet", 0)], ids=str)
def test_skewed_levels_are_gone_once_loaded(decoded_when_loaded, monkeypatch, gaps, opset):
    monkeypatch.setattr(wavelet, "SKEWED", 0)
    array = np.random.default_rng(0).choice(np.float32([0.5, -1, 2, 3]), (16, 24, 3, 3), p=[0.55, 0.4, 0.03, 0.02])
    if gaps:
        array[np.random.default_rng(1).random(array.shape) < 0.9] = 0
    made = encoded({"w": array}, gaps, Coder("wavelet", 0))
    assert made.values[0].code.skewed
    check(decoded_when_loaded, {"w": array}, made, opset, reference=True)


@pytest.mark.parametrize("distinct", [1, 2, 3, 256])
@pytest.mark.parametrize("gaps", [None, Coder("rice", 2), Coder("wavelet", 1)], ids=str)
def test_every_size_of_a_codebook(decoded_when_loaded, gaps, distinct):
    array = np.random.default_rng(0).integers(1, distinct + 1, (16, 24, 3, 3)).astype(np.float32)
    if gaps:
        array[np.random.default_rng(1).random(array.shape) < 0.6] = 0
    width = max(1, (distinct - 1).bit_length())
    for values in [Coder("packed", width), Coder("packed", 8), *(Coder("wavelet", k) for k in range(3))]:
        check(decoded_when_loaded, {"w": array}, encoded({"w": array}, gaps, values))


@pytest.mark.parametrize("kind", ["float32", "float16"])
@pytest.mark.parametrize("gaps", GAPS, ids=str)
def test_values_without_a_codebook(decoded_when_loaded, gaps, kind):
    generator = np.random.default_rng(0)
    arrays = {}
    for name in ("matrix", "conv2d", "1x1", "one kernel"):
        array = generator.normal(size=SHAPES[name]).astype(kind).astype(np.float32)
        array[generator.random(array.shape) < 0.6] = 0
        arrays[name] = array
    check(decoded_when_loaded, arrays, encoded(arrays, gaps, Coder(kind)))


def test_streams_are_shared_across_each_other(decoded_when_loaded):
    """Gaps and values in different partitions, a tensor without gaps among them, one of no dimension."""
    arrays = {name: clustered(shape, 0.8, 8, seed) for seed, (name, shape) in enumerate(SHAPES.items())}
    arrays |= {"whole": clustered((7, 5), 0.3, 4), "scalar": np.array(-0.0, np.float32)}
    members = {name: Member.of(name, Weights(a), sparse=name in SHAPES) for name, a in arrays.items()}
    first, second = list(SHAPES)[:4], list(SHAPES)[4:]
    members |= {name: members[name].filled(0) for name in second}

    def stream(names, coder):
        return Planned(tuple(members[name] for name in names), coder, 0)

    gaps = [stream(first, Coder("rice", 2)), stream(second, Coder("wavelet", 0))]
    values = [
        stream([*second[:1], "whole", *first[2:]], Coder("wavelet", 1)),
        stream(first[:2], Coder("packed", 4)),
        stream([*second[1:], "scalar"], Coder("packed", 8)),
    ]
    check(decoded_when_loaded, arrays, group.encode(gaps, values), reference=True)


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("values", [Coder("packed", 4), Coder("packed", 8), Coder("wavelet", 0)], ids=str)
@pytest.mark.parametrize("opset", [13, 18])
def test_tensors_whose_values_are_split(decoded_when_loaded, values, alone, opset):
    generator = np.random.default_rng(0)
    arrays = {"bias": generator.normal(0.1, 0.3, 300), "scale": generator.uniform(0.5, 3, (6, 50)), "one": [-0.25]}
    arrays = {name: np.array(array, np.float32) for name, array in arrays.items()}
    arrays["bias"][:3] = 0.0, -0.0, 2**-125
    members = [Member.of_split({name: Weights(array) for name, array in arrays.items()})]
    gaps = []
    if not alone:
        arrays["sparse"] = clustered((16, 8, 3, 3), 0.9, 9)
        members.append(Member.of("sparse", Weights(arrays["sparse"]), sparse=True))
        gaps = [Planned((members[1],), Coder("rice", 3), 0)]
    made = group.encode(gaps, [Planned(tuple(members), values, 0)])
    check(decoded_when_loaded, arrays, made, opset, reference=True)


SPECIAL = [0] * 9 + [0x80000000, 0x3F800000, 0x7F800000, 0xFF800000, 0x7FC00001, 0xFFA5A5A5, 0x7F800001, 1, 0x7F7FFFFF]


@settings(max_examples=25)
@given(
    shape=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    gaps=st.sampled_from(GAPS),
    values=st.sampled_from(INDICES),
    seed=st.integers(0, 2**32),
)
def test_every_bit_of_awkward_values(decoded_when_loaded, shape, gaps, values, seed):
    array = np.random.default_rng(seed).choice(np.array(SPECIAL, np.uint32), shape).view(np.float32)
    stored = np.count_nonzero(array.view(np.uint32))
    if not stored:
        return
    made = encoded({"w": array}, gaps if stored < array.size else None, values)
    check(decoded_when_loaded, {"w": array}, made)


@pytest.mark.parametrize("kind", ["raw", "float16", "constant"])
@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (2, 3, 1, 2, 2)])
def test_singles(decoded_when_loaded, kind, shape):
    value = -0.0 if kind == "constant" else np.arange(np.prod(shape, dtype=int)).reshape(shape)
    array = np.full(shape, value, np.float32)
    check(decoded_when_loaded, {"w": array}, single.encode(Weights(array), kind), reference=True)
