import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgecompress.advise.subject import identity, subject
from edgecompress.errors import InputError


def write(path, shape, kind=TensorProto.FLOAT, inputs=1):
    names = [f"x{i}" for i in range(inputs)]
    graph = helper.make_graph(
        [helper.make_node("Relu", [names[0]], ["y"])],
        "g",
        [helper.make_tensor_value_info(name, kind, shape) for name in names],
        [helper.make_tensor_value_info("y", kind, shape)],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), path)
    return str(path)


def test_a_built_in_network_and_the_same_at_half_of_its_channels(network):
    made = subject("alexnet", network)
    again = subject("alexnet", network)
    assert network.input_shape == [1, 32, 32]
    first = {name: value.const_value.numpy() for name, value in made.graph.graph.initializers.items()}
    for name, value in again.graph.graph.initializers.items():
        assert np.array_equal(first[name], value.const_value.numpy()), "the same weights in every run"
    half = {name: value.const_value.numpy() for name, value in made.half.graph.initializers.items()}
    channels = {name: (len(first[name]), len(half[name])) for name in first if first[name].ndim == 4}
    assert channels
    # Channels are multiples of 8.
    assert all(abs(small - whole / 2) <= 4 for whole, small in channels.values())


def test_a_file_is_known_by_its_checksum(tmp_path):
    import hashlib

    path = tmp_path / "m.onnx"
    found = identity(write(path, ["N", 3, 8]), "digits", 1.0)
    assert (found.name, found.input_shape, found.width) == ("m.onnx", [3, 8], None)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert subject(str(path), found).half is None


def test_files_that_cannot_be_fed_with_noise(tmp_path):
    for number, (shape, options) in enumerate(
        ((["N", 3, "H"], {}), (["N"], {}), (["N", 3], {"kind": TensorProto.INT64}), (["N", 3], {"inputs": 2}))
    ):
        with pytest.raises(InputError, match="input"):
            identity(write(tmp_path / f"{number}.onnx", shape, **options), "digits", 1.0)


@pytest.mark.parametrize(
    ("model", "data", "line"),
    [
        ("alexnot", "digits", "did you mean 'alexnet'"),
        ("model.tflite", "digits", "no built-in network and no .onnx file"),
        ("absent.onnx", "digits", "cannot read absent.onnx"),
        ("alexnet", "digit", "did you mean 'digits'"),
    ],
)
def test_what_means_nothing_is_one_line(model, data, line):
    with pytest.raises(InputError, match=line):
        identity(model, data, 1.0)
