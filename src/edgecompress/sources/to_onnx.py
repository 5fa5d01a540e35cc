"""Export a PyTorch module to a clean ONNX graph: the one place where a network leaves torch."""

import copy
import functools
import inspect
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import onnx_ir as ir
import torch
from torch import nn

from edgecompress.errors import InputError
from edgecompress.sources import onnx_cleanup

OPSET = 18
_TRACES = 4  # that a grapher keeps: what is cut has the shapes of before, or those of now
INPUT, OUTPUT = "input", "logits"


def to_onnx(
    module: nn.Module, input_shape: tuple[int, ...], *, input_name: str = INPUT, output_name: str = OUTPUT
) -> ir.Model:
    """The graph of ``module`` in evaluation mode, float32, with a dynamic first axis called ``batch``.

    BatchNormalization stays a node of its own and every weight keeps its parameter's name and bits: folding the one
    into the other, as the exporter's own optimiser does, would turn a few shared values into as many as weights. Its
    statistics go into its scale and shift, which halves it.

    Args:
        module: any network of one input and one output; it is not changed.
        input_shape: of one sample, without the batch.
        input_name: the graph's input.
        output_name: the graph's output.

    Returns:
        A model of opset 18; the same weights give the same model.

    Raises:
        InputError: PyTorch's exporter cannot express the module; the line has its reason.
    """
    # Two samples: a batch of one would be taken for a constant.
    return graph_of(module, [torch.zeros(2, *input_shape)], [input_name], [output_name])


def graph_of(
    module: nn.Module, examples: Sequence[torch.Tensor], input_names: Sequence[str], output_names: Sequence[str]
) -> ir.Model:
    """``to_onnx`` for a module of any number of inputs and outputs.

    Args:
        module: the network; it is not changed.
        examples: its inputs, of two samples each.
        input_names: the graph's inputs.
        output_names: the graph's outputs.

    Raises:
        InputError: as ``to_onnx``.
    """
    return _filled(_traced(module, examples, input_names, output_names), module)


def _traced(
    module: nn.Module, examples: Sequence[torch.Tensor], input_names: Sequence[str], output_names: Sequence[str]
) -> ir.Model:
    plain = _plain(module)
    try:
        with quiet(), _one_table():
            program = torch.onnx.export(
                plain,
                tuple(examples),
                dynamo=True,
                optimize=False,
                verbose=False,
                opset_version=OPSET,
                dynamic_shapes=_free_batch(plain, len(examples)),
                input_names=list(input_names),
                output_names=list(output_names),
            )
    except Exception as error:  # the exporter's own errors have no common type
        reason = next(iter(str(error.__cause__ or error).strip().splitlines()), type(error).__name__)
        raise InputError(f"{type(module).__name__} cannot be written as ONNX: {reason}") from error
    assert program is not None, "torch.onnx.export returns a program when it is given no file"
    model: ir.Model = program.model
    return model


def _filled(graph: ir.Model, module: nn.Module) -> ir.Model:
    """The exporter's graph, of ``module`` or another one of its architecture, with the weights of ``module``."""
    plain, model = _plain(module), graph.clone()
    for name, tensor in plain.state_dict().items():
        value = model.graph.initializers.get(name)
        if value is not None:
            value.const_value = ir.tensor(tensor.numpy(), name=name)
    from onnxscript import optimizer

    optimizer.fold_constants(model)
    onnx_cleanup.clean(model, plain.state_dict().keys())
    return model


@functools.lru_cache(maxsize=4)
def grapher_of(
    model: str,  # noqa: ARG001 - with the others it names the architecture
    input_shape: tuple[int, ...],
    classes: int,  # noqa: ARG001
    width: float,  # noqa: ARG001
) -> Callable[[nn.Module], ir.Model]:
    """``grapher`` of a built-in network: the exporter takes longer than a small build, and runs once for many."""
    return grapher(input_shape)


def grapher(input_shape: tuple[int, ...]) -> Callable[[nn.Module], ir.Model]:
    """``to_onnx`` for one network in many states: the exporter runs again only where the shapes have changed."""
    traces: dict[tuple[object, ...], ir.Model] = {}

    def graph(module: nn.Module) -> ir.Model:
        shapes = tuple((name, tensor.shape) for name, tensor in module.state_dict().items())
        if shapes not in traces:
            while len(traces) >= _TRACES:
                del traces[next(iter(traces))]
            traces[shapes] = _traced(module, [torch.zeros(2, *input_shape)], [INPUT], [OUTPUT])
        return _filled(traces[shapes], module)

    return graph


def _plain(module: nn.Module) -> nn.Module:
    """A copy on the CPU. Exported in channels_last, pooling and flattening become gathers over strides."""
    plain: nn.Module = copy.deepcopy(module).cpu().float().to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    return plain


def _free_batch(module: nn.Module, count: int) -> tuple[Any, ...]:
    """The dynamic shapes for the export: the first axis of each of ``count`` inputs is the same free one."""
    batch = torch.export.Dim("batch")
    named = inspect.signature(module.forward).parameters.values()
    gathers = [each.kind for each in named] == [inspect.Parameter.VAR_POSITIONAL]
    axes = tuple({0: batch} for _ in range(count))
    return (axes,) if gathers else axes


_TABLES: dict[str, Any] = {}
"""The exporter's tables of operators, by what they were asked for."""


@contextmanager
def _one_table() -> Iterator[None]:
    """Have the exporter make its table of operators once for all exports of this process.

    At each it reads the source of five hundred functions again, which takes it as long as a small network does. There
    is no public way to hand it a table; where a release keeps the maker elsewhere, exports are only slower.
    """
    maker = "from_torchlib"
    try:
        from torch.onnx._internal.exporter._registration import ONNXRegistry

        make = vars(ONNXRegistry)[maker]
    except (ImportError, KeyError):
        yield
        return

    def kept(*given: Any, **named: Any) -> Any:
        asked = repr((given, named))
        if asked not in _TABLES:
            _TABLES[asked] = make.__get__(None, ONNXRegistry)(*given, **named)
        return _TABLES[asked]

    setattr(ONNXRegistry, maker, staticmethod(kept))
    try:
        yield
    finally:
        setattr(ONNXRegistry, maker, make)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the exporter's notes on packages that are not installed, and on its own internals, off the terminal."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
