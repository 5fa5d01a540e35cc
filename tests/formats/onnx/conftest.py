"""What every decode subgraph must do: be valid ONNX, give back each bit in onnxruntime, and be gone once loaded."""

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx.reference import ReferenceEvaluator

from edgecompress.encode.group import Group
from edgecompress.encode.member import SPLIT
from edgecompress.formats.onnx.builder import Builder, NameScope
from edgecompress.formats.onnx.decoders import tensors

OPTIMISED = ["ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED", "ORT_ENABLE_ALL"]


@pytest.fixture(scope="session")
def decoded_when_loaded(tmp_path_factory):
    """A function: the arrays of a group or of a single as onnxruntime gives them, at every level of optimisation.

    With ``reference``, those that the standard's own reference implementation computes are compared too.

    Each tensor is read by a Reshape whose shape is an input: it copies every bit and cannot be computed at load.
    Wherever the runtime optimises, nothing but these nodes may be left.
    """
    import onnxruntime

    folder = tmp_path_factory.mktemp("optimised")

    def model(encoded, opset):
        build = Builder(NameScope({"w", *(encoded.labels() if isinstance(encoded, Group) else ())}, opset))
        if isinstance(encoded, Group):
            values = tensors.group(build, encoded)
            shapes = {name: part.shape for name, part in encoded.parts.items() if name != SPLIT} | encoded.split
        else:
            values, shapes = {"w": tensors.single(build, encoded)}, {"w": encoded.shape}
        inputs, outputs, readers = [], [], []
        for name, value in values.items():
            given = ir.Value(name=f"shape of {name}", type=ir.TensorType(ir.DataType.INT64))
            given.shape = ir.Shape([len(shapes[name])])
            read = ir.Value(name=name, type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape(shapes[name]))
            readers.append(ir.node("Reshape", [value, given], {"allowzero": 1} if opset > 13 else {}, outputs=[read]))
            inputs.append(given)
            outputs.append(read)
        nodes = [*build.nodes, *readers]
        graph = ir.Graph(
            inputs, outputs, nodes=nodes, initializers=build.initializers, opset_imports={"": opset}, name="decoders"
        )
        return ir.to_proto(ir.Model(graph, ir_version=8)), shapes

    def run(encoded, opset=18, *, reference=False):
        proto, shapes = model(encoded, opset)
        onnx.checker.check_model(proto, full_check=True)
        feeds = {f"shape of {name}": np.array(shape, np.int64) for name, shape in shapes.items()}
        found = []
        if reference:
            found.append(dict(zip(shapes, ReferenceEvaluator(proto).run(list(shapes), feeds), strict=True)))
        for level in ["ORT_DISABLE_ALL", *OPTIMISED]:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            options.log_severity_level = 3
            options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
            options.optimized_model_filepath = str(folder / "loaded.onnx")
            session = onnxruntime.InferenceSession(
                proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
            found.append(dict(zip(shapes, session.run(list(shapes), feeds), strict=True)))
            if level in OPTIMISED:
                left = [node.op_type for node in onnx.load(folder / "loaded.onnx").graph.node]
                assert left == ["Reshape"] * len(shapes), level
        for other in found[1:]:
            assert all(np.array_equal(_bits(array), _bits(other[name])) for name, array in found[0].items())
        return found[0]

    return run


def _bits(array):
    return array.reshape(-1).view(np.uint32)
