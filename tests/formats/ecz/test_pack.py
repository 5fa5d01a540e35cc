import numpy as np
import onnx
import pytest

from edgecompress.agent.ecz import contents, unpack
from edgecompress.errors import CheckError, InputError
from edgecompress.export.inspect import inspect
from edgecompress.formats.ecz import pack
from edgecompress.formats.ecz.pack import pack_container
from edgecompress.progress import silent


@pytest.fixture
def model(tmp_path, onnx_model, clustered):
    path = tmp_path / "model.onnx"
    onnx.save(onnx_model(clustered((64, 900), 0.1), clustered((64, 900), 0.1, seed=1)), path)
    return path


def test_it_says_what_was_packed(model, tmp_path):
    told = []
    found = pack_container(model, tmp_path / "new" / "model.ecz", progress=lambda *state: told.append(state))
    assert found.source_bytes == model.stat().st_size
    assert found.container_bytes == (tmp_path / "new" / "model.ecz").stat().st_size
    assert found.array_bytes == 2 * 4 * 64 * 900
    assert found.coded_bytes < found.container_bytes < found.coded_bytes + 500
    bound = inspect(model).entropy_bytes
    assert 0.97 * bound < found.container_bytes < 1.02 * bound + 500
    assert told[-1][1:3] == (found.source_bytes, found.source_bytes)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["model.ecz"]


def test_external_data_is_packed_too(tmp_path, onnx_model, clustered):
    made = onnx_model(clustered((64, 900), 0.1), clustered((64, 900), 0.1, seed=1))
    onnx.save(made, tmp_path / "m.onnx", save_as_external_data=True, location="m.data", size_threshold=0)
    found = pack_container(tmp_path / "m.onnx", tmp_path / "m.ecz", progress=silent)
    assert found.files == ("m.onnx", "m.data")
    assert found.container_bytes < found.source_bytes / 20
    written = unpack(tmp_path / "m.ecz", tmp_path / "there" / "n.onnx")
    for path, name in zip(written, found.files, strict=True):
        assert path.read_bytes() == (tmp_path / name).read_bytes()
    assert [entry.name for entry in contents(tmp_path / "m.ecz")] == list(found.files)


def test_equal_arrays_are_stored_once_over_all_files(tmp_path, onnx_model):
    """Exporters write a tied weight once for each use, and some of them each weight to a file of its own."""
    noise = np.random.default_rng(0).normal(size=(2, 60, 50)).astype(np.float32)
    made = onnx_model(noise[0], noise[1], noise[0], noise[1, 0], noise[0].reshape(-1))
    for number, tensor in enumerate(made.graph.initializer[:4]):
        name = f"w{min(number, 2)}.bin"
        with (tmp_path / name).open("ab") as stream:
            place = {"location": name, "offset": stream.tell(), "length": len(tensor.raw_data)}
            stream.write(tensor.raw_data)
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    found = pack_container(tmp_path / "m.onnx", tmp_path / "m.ecz", progress=silent)
    assert found.source_bytes > 3.5 * noise[0].nbytes
    assert found.container_bytes < noise.nbytes
    for path, name in zip(unpack(tmp_path / "m.ecz", tmp_path / "n" / "m.onnx"), found.files, strict=True):
        assert path.read_bytes() == (tmp_path / name).read_bytes()


def test_only_containers_with_copies_ask_for_readers_that_know_them(tmp_path, packed, clustered):
    array = clustered((64, 90), 0.3)
    assert [packed(array)[8], packed(array, array)[8], packed(array, array[:32])[8]] == [1, 2, 1]


@pytest.mark.parametrize("location", ["../m.data", "folder/m.data", "/m.data", "m.onnx"])
def test_external_data_elsewhere_is_refused(tmp_path, onnx_model, location):
    made = onnx_model(np.zeros(100, np.float32))
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    with pytest.raises(InputError, match="does not lie beside it"):
        pack_container(tmp_path / "m.onnx", tmp_path / "m.ecz", progress=silent)


def test_what_cannot_be_packed(model, tmp_path):
    for name, content in {
        "empty": b"",
        "text": b"hello, world",
        "cut": model.read_bytes()[:9000],
        "tflite": b"\x10\0\0\0TFL3",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=r"give an \.onnx or \.tflite file"):
            pack_container(tmp_path / name, tmp_path / "out.ecz", progress=silent)
    with pytest.raises(InputError, match="the model itself"):
        pack_container(model, model, progress=silent)
    with pytest.raises(InputError, match="cannot pack"):
        pack_container(tmp_path / "absent.onnx", tmp_path / "out.ecz", progress=silent)
    with pytest.raises(InputError, match="cannot pack"):
        pack_container(model, model / "out.ecz", progress=silent)
    assert not (tmp_path / "out.ecz").exists()


def test_a_container_that_does_not_unpack_to_its_source_is_not_kept(model, tmp_path, monkeypatch):
    whole = pack.payloads

    def damaged(*given):
        for payload, covered, is_rest in whole(*given):
            yield payload[:-1] + bytes([payload[-1] ^ 1]), covered, is_rest

    monkeypatch.setattr(pack, "payloads", damaged)
    with pytest.raises(CheckError, match="please report"):
        pack_container(model, tmp_path / "out.ecz", progress=silent)
    assert list(tmp_path.iterdir()) == [model]


@pytest.mark.slow
def test_the_sizes_that_the_container_is_for(tmp_path):
    """Dense ONNX, and sparse float16 TFLite with folded BatchNorms, of a network as deep as VGG16."""
    import onnx_ir

    from edgecompress.formats.tflite.network import write_tflite

    generator = np.random.default_rng(0)
    nodes, tensors, channels, x = [], [], 16, "x"
    for number in range(8):
        array = np.where(
            generator.random((256, channels, 3, 3)) < 0.1, generator.integers(-16, 16, (256, channels, 3, 3)), 0
        )
        tensors.append(onnx.numpy_helper.from_array((array / 64).astype(np.float32), f"w{number}"))
        nodes.append(onnx.helper.make_node("Conv", [x, f"w{number}"], [f"c{number}"], pads=[1] * 4))
        for part in ("scale", "bias", "mean", "var"):
            values = generator.uniform(0.5, 1.5, 256).astype(np.float32)
            tensors.append(onnx.numpy_helper.from_array(values, f"{part}{number}"))
        inputs = [f"c{number}", *(f"{part}{number}" for part in ("scale", "bias", "mean", "var"))]
        nodes.append(onnx.helper.make_node("BatchNormalization", inputs, [f"b{number}"]))
        x, channels = f"b{number}", 256
    ends = [onnx.helper.make_tensor_value_info(name, 1, [1, size, 8, 8]) for name, size in (("x", 16), (x, 256))]
    graph = onnx.helper.make_graph(nodes, "g", ends[:1], ends[1:], tensors)
    proto = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(proto, tmp_path / "m.onnx")
    dense = pack_container(tmp_path / "m.onnx", tmp_path / "o.ecz", progress=silent)
    bound = inspect(tmp_path / "m.onnx").entropy_bytes
    assert dense.container_bytes < 1.005 * bound
    write_tflite(onnx_ir.from_proto(proto), tmp_path / "m.tflite", compress=True)
    sparse = pack_container(tmp_path / "m.tflite", tmp_path / "t.ecz", progress=silent)
    assert sparse.container_bytes < 1.02 * bound
