"""The graph as a module. It computes in float32 whatever floats the file has, and learns what the file has as weights.

Layers and weights have the names that they have in the file, as far as PyTorch allows these. ``written`` gives the same
graph with the weights that the module has now: all names, inputs, outputs and operators are the file's own.
"""

from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir
import torch
from torch import nn

from edgecompress.errors import InputError
from edgecompress.sources.graph.layers import LayerInitializer, LayerNode, attributes_of, layers, trained
from edgecompress.sources.graph.node import Function, Node
from edgecompress.sources.graph.operators import OPERATORS
from edgecompress.sources.graph.shaping import as_tensor
from edgecompress.sources.graph.windows import padded, pads

_EMPTY = nn.Module()
"""What it has, no layer may be called."""


class OnnxGraph:
    """The graph that a module was made of; copies of the module share it."""

    def __init__(self, model: ir.Model) -> None:
        self.model = model

    def __deepcopy__(self, memo: dict[int, object]) -> "OnnxGraph":
        return self


@dataclass(frozen=True)
class GraphStep:
    """A node as it is computed.

    Attributes:
        node: what a function needs to know of it.
        function: what computes it; None: the layer.
        layer: the layer's name.
        padded: whether the layer's input is padded before.
        inputs: names of values; an empty one is left out.
        outputs: names of values.
        last: values that nothing reads after this.
    """

    node: Node
    function: Function | None
    layer: str
    padded: bool
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    last: tuple[str, ...]


def unknown(model: ir.Model) -> list[str]:
    """The operators of ``model`` that do not run here, sorted."""
    names = {
        node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}::{node.op_type}"
        for node in model.graph
        if node.op_type not in OPERATORS or node.domain not in ("", "ai.onnx")
    }
    return sorted(names)


class GraphModule(nn.Module):
    """An ONNX graph of opset 13 or later, whose weights are initialisers.

    ``forward`` takes the graph's inputs in their order, and returns its output, or a tuple of them. A graph with
    operators that are not known here has its layers too, and does not run.

    Args:
        model: the graph.
        whole: None: it takes as many samples as it is given. Otherwise it computes one after the other; these of its
            inputs have no batch as their first axis. BatchNormalization keeps its statistics then.

    Attributes:
        whole: as given, and the outputs that have no batch as their first axis, once it has run.
        samples_at_once: how many samples a layer of it sees in one call; None: all.
    """

    def __init__(self, model: ir.Model, *, whole: frozenset[str] | None = None) -> None:
        super().__init__()
        self.whole = whole or frozenset()
        self.samples_at_once = None if whole is None else 1
        self.file = OnnxGraph(model.clone())
        self.sources: dict[str, LayerInitializer] = {}
        self.steps: tuple[GraphStep, ...] = ()
        graph = model.graph
        self.given = tuple(str(value.name) for value in graph.inputs if not value.is_initializer())
        self.made = tuple(str(value.name) for value in graph.outputs)
        self.unknown = unknown(model)
        self._places: dict[str, str] = {}
        made = layers(graph, norms=whole is None)
        shared: dict[LayerInitializer, nn.Parameter] = {}
        names = {node: self._add(layer, model, shared) for node, layer in made.items()}
        for name, value in graph.initializers.items():
            if any(use.node not in made for use in value.uses()) or value.is_graph_output():
                self._hold(name, value, shared)
        if not self.unknown:
            self.steps = tuple(self._steps(graph, made, names, model.opset_imports.get("", 0)))
        self._let_go()

    def _let_go(self) -> None:
        """Keep of the file's weights only what they are called and are like: the module has the values.

        What the module has not is kept as it is now: the file may go.
        """
        for name, value in self.file.model.graph.initializers.items():
            if isinstance(value.const_value, ir.LazyTensor):
                value.const_value = ir.Tensor(value.const_value.numpy(), name=name)
        for source in self.sources.values():
            value = self.file.model.graph.initializers[source.initializer]
            assert value.const_value is not None
            dtype, shape = value.const_value.dtype, ir.Shape(value.const_value.shape.numpy())
            value.const_value = ir.LazyTensor(_gone, dtype, shape, name=source.initializer)

    def _add(self, layer: LayerNode, model: ir.Model, shared: dict[LayerInitializer, nn.Parameter]) -> str:
        """Add a layer under the name that its weight has. Returns that."""
        weight = layer.tensors["weight"].initializer
        name = self._free(weight.removesuffix(".weight"))
        parent, _, own = name.rpartition(".")
        _parent(self, parent).add_module(own, layer.module)
        for place, source in layer.tensors.items():
            if source not in shared:
                shared[source] = nn.Parameter(_tensor(model.graph.initializers[source.initializer], source.turned))
            held = shared[source]
            if place in layer.module._parameters:
                layer.module._parameters[place] = held
            else:
                layer.module._buffers[place] = held.detach()
            self.sources[f"{name}.{place}"] = source
        if "num_batches_tracked" in layer.module._buffers:
            layer.module._buffers["num_batches_tracked"] = torch.zeros((), dtype=torch.int64)
        return name

    def _hold(self, name: str, value: ir.Value, shared: dict[LayerInitializer, nn.Parameter]) -> None:
        """Hold an initialiser that nodes read which are no layers: as a weight, or as it is."""
        place = self._free(name)
        parent, _, own = place.rpartition(".")
        owner, source = _parent(self, parent), LayerInitializer(name)
        if source in shared or trained(value):
            if source not in shared:
                shared[source] = nn.Parameter(_tensor(value, turned=False))
            owner.register_parameter(own, shared[source])
            self.sources[place] = source
        else:
            assert value.const_value is not None
            owner.register_buffer(own, as_tensor(value.const_value.numpy()), persistent=False)
        self._places[name] = place

    def _free(self, wanted: str) -> str:
        """``wanted`` as a path of names that is not taken, and in which no layer holds another."""
        name = wanted or "weight"
        taken = {place.rpartition(".")[0] if place in self.sources else place for place in self._taken()}
        parts = name.split(".")
        usable = all(part and not hasattr(_EMPTY, part) for part in parts)
        usable = usable and (not hasattr(self, parts[0]) or parts[0] in self._modules)
        inside = any(name == each or name.startswith(f"{each}.") or each.startswith(f"{name}.") for each in taken)
        if usable and not inside:
            return name
        name = name.replace(".", "_") or "weight"
        while not name or hasattr(self, name) or name in taken:
            name += "_"
        return name

    def _taken(self) -> set[str]:
        return {*self.sources, *self._places.values()}

    def _steps(
        self, graph: ir.Graph, made: dict[ir.Node, LayerNode], names: dict[ir.Node, str], opset: int
    ) -> list[GraphStep]:
        steps: list[GraphStep] = []
        unread = set(self.made) | set(self._places)
        for node in reversed(list(graph)):
            inputs = tuple(str(value.name) if value is not None else "" for value in node.inputs)
            if node in made:
                inputs = inputs[:1]
            outputs = tuple(str(value.name) for value in node.outputs)
            last = tuple({name for name in inputs if name and name not in unread})
            unread |= {name for name in inputs if name}
            used = max(
                (n for n, value in enumerate(node.outputs, 1) if value.uses() or value.is_graph_output()), default=1
            )
            shape = Node(node.op_type, attributes_of(node), used, opset)
            function = None if node in made else OPERATORS[node.op_type]
            padding = node in made and made[node].padded
            steps.append(GraphStep(shape, function, names.get(node, ""), padding, inputs, outputs, last))
        return steps[::-1]

    def forward(self, *given: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, ...]:
        """Compute the graph.

        Raises:
            InputError: a node cannot be computed; the line names it.
        """
        if self.unknown:
            raise InputError(f"{', '.join(self.unknown)}: operators that cannot be run here")
        found = self._each(given) if self.samples_at_once else self._run(given)
        return found[0] if len(found) == 1 else found

    def _each(self, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        """One sample after the other."""
        parts = [
            self._run(
                tuple(
                    x[number] if name in self.whole else x[number : number + 1]
                    for name, x in zip(self.given, given, strict=True)
                )
            )
            for number in range(len(given[0]))
        ]
        self.whole |= {name for name, part in zip(self.made, parts[0], strict=True) if part.shape[:1] != (1,)}
        return tuple(
            torch.stack(each) if name in self.whole else torch.cat(each)
            for name, each in zip(self.made, zip(*parts, strict=True), strict=True)
        )

    def _run(self, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        values = {name: _float32(x) for name, x in zip(self.given, given, strict=True)}
        for name, place in self._places.items():
            parent, _, own = place.rpartition(".")
            values[name] = getattr(_parent(self, parent), own)
        for step in self.steps:
            inputs = [values[name] if name else None for name in step.inputs]
            try:
                found = self._compute(step, inputs)
            except (RuntimeError, ValueError, IndexError, TypeError, KeyError, AssertionError) as error:
                reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
                raise InputError(
                    f"the node {step.node.op_type} that makes '{step.outputs[0]}' fails: {reason}"
                ) from error
            for name, value in zip(step.outputs, found if isinstance(found, tuple) else (found,), strict=False):
                values[name] = value
            for name in step.last:
                values.pop(name, None)
        return tuple(values[name] for name in self.made)

    def _compute(self, step: GraphStep, inputs: list[torch.Tensor | None]) -> torch.Tensor | tuple[torch.Tensor, ...]:
        if step.function is None:
            layer, x = self.get_submodule(step.layer), inputs[0]
            assert x is not None
            if step.padded:
                assert isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d)
                x = padded(x, *pads(step.node, x.shape[2:], layer.kernel_size))
            result: torch.Tensor = layer(x)
            return result
        while inputs and inputs[-1] is None:
            inputs.pop()
        node = replace(step.node, training=True) if self.training else step.node
        computed: torch.Tensor | tuple[torch.Tensor, ...] = step.function(node, *inputs)
        return computed


def written(module: GraphModule) -> ir.Model:
    """The file's graph with the weights that ``module`` has now, each in the type that it has there.

    Weights are not copied where they need not be: use the graph before the module changes.
    """
    model = module.file.model.clone()
    state = module.state_dict()
    for name, source in module.sources.items():
        value = model.graph.initializers[source.initializer]
        assert value.const_value is not None
        array = state[name].detach().cpu().numpy()
        kind = value.const_value.dtype.numpy()
        made = np.ascontiguousarray(array.T if source.turned else array).astype(kind, copy=False)
        value.const_value = ir.Tensor(made.reshape(value.const_value.shape.numpy()), name=source.initializer)
    return model


def _gone() -> ir.TensorProtocol:
    raise AssertionError("a weight of the file is the module's: written() puts it back")


def _parent(module: nn.Module, path: str) -> nn.Module:
    """The module at ``path``; what is missing on the way is made."""
    for part in path.split(".") if path else ():
        if part not in module._modules:
            module.add_module(part, nn.Module())
        child = module._modules[part]
        assert child is not None
        module = child
    return module


def _tensor(value: ir.Value, turned: bool) -> torch.Tensor:
    assert value.const_value is not None
    tensor = as_tensor(value.const_value.numpy())
    return tensor.T.contiguous() if turned else tensor


def _float32(x: torch.Tensor) -> torch.Tensor:
    return x.float() if x.is_floating_point() else x
