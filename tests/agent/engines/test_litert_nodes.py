"""Held against graphs whose nodes are known: the runtime itself does not count what a delegate took."""

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgecompress.agent.accelerator import Accelerator
from edgecompress.agent.engines.litert_engine import load
from edgecompress.agent.engines.litert_nodes import Nodes

RELU, ABS, ZEROS_LIKE = (getattr(schema.BuiltinOperator, name) for name in ("RELU", "ABS", "ZEROS_LIKE"))


@pytest.fixture
def chain(tmp_path):
    """Writes a graph of operators of one input each, one after the other."""

    def write(*codes):
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = [], []
        for number in range(len(codes) + 1):
            tensor = schema.TensorT()
            tensor.name, tensor.shape, tensor.buffer = f"t{number}".encode(), [1, 8], 1
            tensor.type = schema.TensorType.FLOAT32
            graph.tensors.append(tensor)
        for number, code in enumerate(codes):
            operator = schema.OperatorT()
            operator.inputs, operator.outputs, operator.opcodeIndex = [number], [number + 1], codes.index(code)
            graph.operators.append(operator)
        graph.inputs, graph.outputs = [0], [len(codes)]
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers = 3, [graph], [schema.BufferT(), schema.BufferT()]
        model.operatorCodes = []
        for code in codes:
            made = schema.OperatorCodeT()
            made.version, made.builtinCode, made.deprecatedBuiltinCode = 1, code, min(code, 127)
            model.operatorCodes.append(made)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        (tmp_path / "chain.tflite").write_bytes(bytes(builder.Output()))
        return tmp_path / "chain.tflite"

    return write


def test_what_the_default_delegate_takes_and_leaves(chain):
    # The runtime has a kernel for ZEROS_LIKE, and its delegate for the CPU has none.
    engine = load(chain(RELU, ABS, ZEROS_LIKE, ABS), 1, 1)
    assert engine.placement == {"XNNPACK": 3, "built-in kernels": 1}
    assert load(chain(ZEROS_LIKE, ZEROS_LIKE), 1, 1).placement == {"XNNPACK": 0, "built-in kernels": 2}


@pytest.mark.parametrize("kind", [RELU, ABS])
def test_a_delegate_that_is_given_takes_its_operators_and_the_default_one_the_others(chain, delegate, kind):
    codes = [RELU, ABS, ABS, RELU, ZEROS_LIKE, RELU, ABS, ABS]
    engine = load(chain(*codes), 1, 1, Accelerator(delegate=delegate(kind)))
    mine = codes.count(kind)
    name = f"takes-{kind}.so"
    assert list(engine.placement.items()) == [(name, mine), ("XNNPACK", 7 - mine), ("built-in kernels", 1)]
    assert engine.details == {"delegates": [name, "XNNPACK"]}


def test_a_delegate_that_takes_nothing_is_told_with_a_zero(chain, delegate):
    engine = load(chain(RELU, ABS), 1, 1, Accelerator(delegate=delegate(ZEROS_LIKE)))
    assert engine.placement == {f"takes-{ZEROS_LIKE}.so": 0, "XNNPACK": 2, "built-in kernels": 0}
    assert engine.details["delegates"] == ["XNNPACK"]


def test_a_runtime_that_does_not_list_its_nodes_tells_nothing():
    nodes = Nodes("")
    nodes.before_default(object())
    nodes.after_default(object())
    assert (nodes.placement(), nodes.delegates()) == (None, None)
