"""What every lowering function works with: the ONNX values met so far, as TFLite tensors, and the graph being made.

ONNX is channels first, TFLite channels last. Each ONNX value is held in one of four layouts, so that no transposition
is needed between two operators; batch is 1 throughout.
"""

from dataclasses import dataclass, replace
from enum import Enum
from math import prod
from typing import Any

import numpy as np
import onnx_ir as ir

from edgecompress.errors import InputError
from edgecompress.export.tflite.graph import Array, FloatArray, Graph, Operator, Tensor
from edgecompress.export.tflite.lowering import constants

NONE, RELU, RELU6 = 0, 1, 3  # ActivationFunctionType of the schema
FUSED = "fusedActivationFunction"


class Layout(Enum):
    """How a TFLite tensor holds an ONNX value."""

    IMAGE = "(N, C, H, W) as (1, H, W, C)"
    SEQUENCE = "(N, C, L) as (1, 1, L, C)"
    FLAT = "(N, K) as (1, K)"
    UNROLLED = "(N, C*H*W) still as (1, H, W, C)"


@dataclass(frozen=True)
class Value:
    """An ONNX value: the TFLite tensor that holds it, and how."""

    tensor: Tensor
    layout: Layout

    @property
    def onnx_shape(self) -> tuple[int, ...]:
        """The shape that the value has in the ONNX graph, with batch 1."""
        shape = self.tensor.shape
        if self.layout is Layout.IMAGE:
            return (1, shape[3], shape[1], shape[2])
        if self.layout is Layout.SEQUENCE:
            return (1, shape[3], shape[2])
        return (1, prod(shape))

    @property
    def spatial(self) -> bool:
        """Whether the value has channels and places."""
        return self.layout in (Layout.IMAGE, Layout.SEQUENCE)


class Lowering:
    """The TFLite graph being made and the ONNX values it holds so far."""

    def __init__(self, *, opset: int, batch: int = 1, constant_nodes: frozenset[ir.Node] = frozenset()) -> None:
        self.opset = opset
        self.batch = batch
        self.constant_nodes = constant_nodes
        self.graph = Graph([], [], [])
        self.values: dict[ir.Value, Value] = {}
        self.known: dict[ir.Value, Array] = {}
        self._constants: dict[tuple[str, str], Tensor] = {}

    def value(self, node: ir.Node, index: int = 0) -> Value:
        """The computed value at an input of ``node``.

        Raises:
            InputError: the input is absent or a constant.
        """
        given = node.inputs[index] if index < len(node.inputs) else None
        if given is None or given not in self.values:
            raise refused(node, f"its input {index} must be computed from the model's input, not a constant or absent")
        return self.values[given]

    def constant(self, node: ir.Node, index: int) -> Array | None:
        """The constant at an input of ``node``; None where the input is absent.

        Raises:
            InputError: the input is not a constant.
        """
        given = node.inputs[index] if index < len(node.inputs) else None
        if given is None:
            return None
        if given in self.known:
            return self.known[given]
        tensor = ir.convenience.get_const_tensor(given)
        if tensor is None:
            raise refused(node, f"its input '{given.name}' must be a constant")
        return tensor.numpy()

    def evaluate(self, node: ir.Node) -> None:
        """Compute the outputs of a node of ``constants.constant_nodes``.

        Raises:
            InputError: the node does not fit what it reads.
        """
        if node.op_type == "Shape" and node.inputs[0] in self.values:
            self.known[node.outputs[0]] = constants.shape_of(node, self.value(node).onnx_shape)
            return
        inputs = [
            np.zeros(1, np.float32) if given in self.values else self.constant(node, index)
            for index, given in enumerate(node.inputs)
        ]
        try:
            arrays = constants.evaluate(node, inputs, self.opset)
        except Exception as error:  # the reference implementation raises whatever NumPy did
            raise refused(node, f"its constant inputs do not fit it ({error})") from error
        self.known.update(zip(node.outputs, arrays, strict=True))

    def weight(self, node: ir.Node, index: int) -> FloatArray | None:
        """The float32 constant at an input of ``node``, with +0.0 for every zero; None where the input is absent.

        Raises:
            InputError: it is not constant, not float32, or holds NaN or infinity.
        """
        array = self.constant(node, index)
        if array is None:
            return None
        given = node.inputs[index]
        name = given.name if given is not None else None
        if array.dtype != np.float32:
            raise refused(node, f"its constant '{name}' is {array.dtype}; make the model float32")
        if not np.isfinite(array).all():
            raise refused(node, f"its constant '{name}' holds NaN or infinity; train or repair the model")
        single: FloatArray = array + np.float32(0)
        return single

    def parameter(self, name: str, form: str, array: Array, *, compressible: bool = False) -> Tensor:
        """The constant tensor of the ONNX constant ``name`` as ``array``.

        ``form`` says how the array was made of the ONNX constant: operators that share a constant in the same form
        share one tensor.
        """
        key = (name, form)
        if key not in self._constants:
            self._constants[key] = Tensor(name, array.shape, array, compressible)
        return self._constants[key]

    def emit(
        self,
        code: str,
        inputs: list[Tensor],
        shape: tuple[int, ...],
        name: str,
        *,
        version: int = 1,
        **options: Any,
    ) -> Tensor:
        """Append an operator; its output, a new tensor of ``shape``."""
        output = Tensor(name, shape)
        self.graph.operators.append(Operator(code, inputs, output, options, version))
        return output

    def reshape(self, tensor: Tensor, shape: tuple[int, ...], name: str) -> Tensor:
        """``tensor`` in another shape: itself where it has it."""
        return tensor if tensor.shape == shape else self.copy(tensor, shape, name)

    def copy(self, tensor: Tensor, shape: tuple[int, ...], name: str) -> Tensor:
        """``tensor`` again, in ``shape``, as a tensor of its own."""
        target = self.parameter(f"{name}/shape", str(shape), np.array(shape, np.int32))
        return self.emit("RESHAPE", [tensor, target], shape, name, newShape=list(shape))

    def flat(self, value: Value, name: str) -> Value:
        """``value`` as ONNX would flatten it: (1, K), channels before places."""
        tensor = value.tensor
        if value.layout is Layout.FLAT:
            return value
        if prod(tensor.shape[1:3]) > 1 and tensor.shape[3] > 1:
            order = self.parameter(f"{name}/channels_first", "", np.array([0, 3, 1, 2], np.int32))
            turned = tuple(tensor.shape[d] for d in (0, 3, 1, 2))
            tensor = self.emit("TRANSPOSE", [tensor, order], turned, f"{name}/channels_first")
        return Value(self.reshape(tensor, (1, prod(tensor.shape)), f"{name}/flat"), Layout.FLAT)

    def fusable(self, given: ir.Value | None) -> Operator | None:
        """The operator that computes ``given``, if nothing else reads what it computes and no activation follows it.

        What holds ``given`` may hold other ONNX values as well (a Dropout's input, a Flatten's): each of them must
        have this one reader, or fusing would change what the others read.
        """
        assert given is not None
        tensor = self.values[given].tensor
        operator = next((o for o in reversed(self.graph.operators) if o.output is tensor), None)
        if operator is None or operator.options.get(FUSED) != NONE:
            return None
        step: ir.Value | None = given
        while step is not None and step in self.values and self.values[step].tensor is tensor:
            # Constant nodes read no more of a value than its shape or type.
            readers = [use for use in step.uses() if use.node not in self.constant_nodes]
            if len(readers) != 1 or step.is_graph_output():
                return None
            producer = step.producer()
            step = producer.inputs[0] if producer is not None and producer.inputs else None
        return operator


def output_name(node: ir.Node) -> str:
    """The name of what a node computes."""
    return node.outputs[0].name or node.name or node.op_type


def input_name(node: ir.Node, index: int) -> str:
    """The name of a node's constant input; for one without a name, a name made from the node's."""
    given = node.inputs[index] if index < len(node.inputs) else None
    return (given.name if given is not None else None) or f"{output_name(node)}/{index}"


def refused(node: ir.Node, reason: str) -> InputError:
    """The error for a node that has no TFLite form: one line with its operator, its name, and the reason."""
    return InputError(f"cannot write {node.op_type} '{node.name or output_name(node)}' to TFLite: {reason}")


def renamed(value: Value, tensor: Tensor) -> Value:
    """``value`` in another tensor, same layout."""
    return replace(value, tensor=tensor)
