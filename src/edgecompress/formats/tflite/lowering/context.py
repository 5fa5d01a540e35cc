"""The context of every lowering: the ONNX values met so far, as TFLite tensors, and the graph being made.

ONNX is channels first, TFLite channels last. How a tensor holds an ONNX value is its ``View``; an operator asks for the
axes that it needs, and only then is anything moved.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx_ir as ir

from edgecompress.encode import chunks
from edgecompress.errors import InputError
from edgecompress.formats.tflite.graph import Array, FloatArray, Tensor, TfliteGraph, TfliteOperator
from edgecompress.formats.tflite.lowering import constants, views
from edgecompress.formats.tflite.lowering.steps import LARGEST_RANK, steps
from edgecompress.formats.tflite.lowering.views import Shape, View

NONE, RELU, RELU_N1_TO_1, RELU6 = 0, 1, 2, 3  # ActivationFunctionType of the schema
FUSED = "fusedActivationFunction"


@dataclass(frozen=True)
class Value:
    """An ONNX value: its ``shape`` in the ONNX graph, the TFLite tensor that holds it, and how."""

    tensor: Tensor
    shape: Shape
    view: View


@dataclass(frozen=True)
class Padded:
    """The source of a PAD of zeros: the value without them, and how many before and after each of its axes."""

    value: Value
    amounts: tuple[tuple[int, int], ...]
    operator: TfliteOperator


class Lowering:
    """The TFLite graph being made and the ONNX values it holds so far."""

    def __init__(self, *, opset: int, constant_nodes: frozenset[ir.Node] = frozenset()) -> None:
        self.opset = opset
        self.constant_nodes = constant_nodes
        self.graph = TfliteGraph([], [], [])
        self.values: dict[ir.Value, Value] = {}
        self.known: dict[ir.Value, Array] = {}
        self.padded: dict[ir.Value, Padded] = {}
        self._constants: dict[tuple[str, str], Tensor] = {}
        self._arranged: dict[tuple[Tensor, View, View], Tensor] = {}

    def value(self, node: ir.Node, index: int = 0, kinds: tuple[str, ...] = ("float32",)) -> Value:
        """The computed value at an input of ``node``, of one of these types; of any where none is given.

        Raises:
            InputError: the input is absent or a constant, or of another type.
        """
        given = node.inputs[index] if index < len(node.inputs) else None
        if given is None or given not in self.values:
            raise refused(node, f"its input {index} must be computed from the model's input, not a constant or absent")
        value = self.values[given]
        if kinds and value.tensor.kind not in kinds:
            raise refused(node, f"its input {index} is {value.tensor.kind}; only {' and '.join(kinds)} is supported")
        return value

    def computed(self, node: ir.Node) -> list[int]:
        """The inputs of ``node`` that are computed from the model's."""
        return [index for index, given in enumerate(node.inputs) if given in self.values]

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
            self.known[node.outputs[0]] = constants.shape_of(node, self.values[node.inputs[0]].shape)
            return
        inputs = [
            np.zeros(1, np.float32) if given in self.values else self.constant(node, index)
            for index, given in enumerate(node.inputs)
        ]
        try:
            arrays = constants.computed(node, inputs, self.opset)
        except Exception as error:  # the reference implementation raises whatever NumPy did
            raise refused(node, f"its constant inputs do not fit it ({error})") from error
        self.known.update(zip(node.outputs, arrays, strict=True))

    def weight(self, node: ir.Node, index: int) -> FloatArray | None:
        """The float32 constant at an input of ``node``, with +0.0 for every zero; None where the input is absent.

        It may be the model's own array, and cannot be written to.

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
        if chunks.not_finite(array):
            raise refused(node, f"its constant '{name}' holds NaN or infinity; train or repair the model")
        single: FloatArray = array + np.float32(0) if chunks.has_negative_zero(array) else array.view()
        single.flags.writeable = False
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
        kind: str | None = None,
        **options: Any,
    ) -> Tensor:
        """Append an operator; its output, a new tensor of ``shape``, of the first input's type if not of ``kind``."""
        output = Tensor(name, shape, kind=kind or inputs[0].kind)
        self.graph.operators.append(TfliteOperator(code, inputs, output, options, version))
        return output

    def reshape(self, tensor: Tensor, shape: tuple[int, ...], name: str) -> Tensor:
        """``tensor`` in another shape: itself where it has it."""
        return tensor if tensor.shape == shape else self.copy(tensor, shape, name)

    def copy(self, tensor: Tensor, shape: tuple[int, ...], name: str) -> Tensor:
        """``tensor`` again, in ``shape``, as a tensor of its own."""
        target = self.parameter(f"{name}/shape", str(shape), np.array(shape, np.int32))
        return self.emit("RESHAPE", [tensor, target], shape, name, newShape=list(shape))

    def integers(self, name: str, numbers: Any) -> Tensor:
        """A constant of int32, as operators take axes and sizes."""
        array = np.array(numbers, np.int32)
        return self.parameter(name, str(array.tolist()), array)

    def arranged(self, value: Value, view: View, name: str) -> Tensor:
        """The tensor that holds ``value`` as ``view`` says, made once for all who ask.

        Raises:
            InputError: a TRANSPOSE of more axes than runtimes have.
        """
        key = (value.tensor, value.view, view)
        if key not in self._arranged:
            tensor = value.tensor
            for step in steps(value.view, view):
                if step.order is None:
                    tensor = self.copy(tensor, step.shape, f"{name}/reshaped")
                    continue
                if len(step.order) > LARGEST_RANK:
                    raise InputError(
                        f"cannot write '{name}' to TFLite: its input {value.shape} would be transposed in "
                        f"{len(step.order)} axes, and runtimes have {LARGEST_RANK}; make it of fewer"
                    )
                order = self.integers(f"{name}/order", step.order)
                tensor = self.emit("TRANSPOSE", [tensor, order], step.shape, f"{name}/transposed")
            self._arranged[key] = tensor
        return self._arranged[key]

    def plain(self, value: Value, name: str) -> Tensor:
        """The tensor of ``value`` in its ONNX shape and order."""
        return self.arranged(value, views.plain(value.shape), name)

    def image(self, value: Value, name: str) -> Tensor:
        """The tensor (N, H, W, C) of a value (N, C, H, W); of (N, C, L) it is (N, 1, L, C)."""
        return self.arranged(value, image_view(value.shape), name)

    def by_axes(self, value: Value, name: str) -> tuple[Value, tuple[int, ...]]:
        """``value`` with one tensor axis for each of its axes, in whatever order is nearest, and those axes."""
        found = views.axes(value.view, value.shape)
        if found is None:
            view = views.natural(value.view, value.shape)
            value = Value(self.arranged(value, view, name), value.shape, view)
            found = tuple(view.order.index(axis) for axis in range(len(value.shape)))
        return value, found

    def ordered(self, value: Value, name: str, *last: int) -> Value:
        """``value`` with one tensor axis an axis and nothing else, the axes ``last`` being the last ones."""
        order = [axis for axis in views.natural(value.view, value.shape).order if axis not in last]
        view = View(value.shape, (*order, *last))
        return Value(self.arranged(value, view, name), value.shape, view)

    def fusable(self, given: ir.Value | None) -> TfliteOperator | None:
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
            if not self.has_one_reader(step):
                return None
            producer = step.producer()
            held = producer.inputs if producer is not None else ()
            step = next((value for value in held if value in self.values and self.values[value].tensor is tensor), None)
        return operator

    def has_one_reader(self, value: ir.Value) -> bool:
        """Return whether one node reads the elements of ``value``, and nothing else does."""
        # Constant nodes read no more of a value than its shape or type.
        readers = [use for use in value.uses() if use.node not in self.constant_nodes]
        return len(readers) == 1 and not value.is_graph_output()


def output_name(node: ir.Node, index: int = 0) -> str:
    """The name of what a node computes."""
    return node.outputs[index].name or node.name or node.op_type


def input_name(node: ir.Node, index: int) -> str:
    """The name of a node's constant input; for one without a name, a name made from the node's."""
    given = node.inputs[index] if index < len(node.inputs) else None
    return (given.name if given is not None else None) or f"{output_name(node)}/{index}"


def image_view(shape: Shape) -> View:
    """(N, H, W, C) of the ONNX shape (N, C, H, W), (N, 1, L, C) of (N, C, L)."""
    return View(shape if len(shape) == 4 else (*shape[:2], 1, shape[2]), (0, 2, 3, 1))


def refused(node: ir.Node, reason: str) -> InputError:
    """The error for a node that has no TFLite form: one line with its operator, its name, and the reason."""
    return InputError(f"cannot write {node.op_type} '{node.name or output_name(node)}' to TFLite: {reason}")


def renamed(value: Value, tensor: Tensor) -> Value:
    """``value`` in another tensor, same view."""
    return replace(value, tensor=tensor)
