"""The ONNX project's own tests of its operators, which the package ``onnx`` ships, run through the module."""

import functools
import importlib
import pkgutil

import numpy as np
import onnx_ir as ir
import pytest
import torch
from onnx.backend.test.case import node

from edgecompress.errors import InputError
from edgecompress.sources.graph.module import GraphModule
from edgecompress.sources.graph.operators import OPERATORS

# Their data are of types that PyTorch has no arithmetic for, or are sequences; or what they ask for depends on chance.
NOT_HERE = (
    "FLOAT8", "FLOAT4", "INT4", "INT2", "BFLOAT16", "bfloat16", "string", "_opt", "sequence", "training_dropout",
    "_expanded", "_cast_", "castlike",
)  # fmt: skip
# onnxruntime, which runs the files, takes the whole length here; see tests/own/graph/test_resize.py.
OTHERWISE_IN_ONNXRUNTIME = ("resize_downsample_scales_linear_align_corners",)


@functools.cache
def cases():
    # Importing a module makes its cases. All of them, those of attention too, would take many times as long.
    wanted = {operator.lower() for operator in OPERATORS} | {"batchnorm"}
    for module in pkgutil.iter_modules(node.__path__):
        name = module.name.replace("_", "")
        if name in wanted or name.startswith(("reduce", "range")) or name.endswith("normalization"):
            importlib.import_module(f"{node.__name__}.{module.name}")
    return [
        case
        for case in node._NodeTestCases
        if {each.op_type for each in case.model.graph.node} <= set(OPERATORS)
        and not any(word in case.name for word in (*NOT_HERE, *OTHERWISE_IN_ONNXRUNTIME))
    ]


def run(case):
    """Whether the case is computed: None if it is refused. Raises AssertionError where it is wrong."""
    module = GraphModule(ir.from_proto(case.model)).eval()
    for inputs, outputs in case.data_sets:
        given = [torch.from_numpy(np.array(each)) for each in inputs]
        try:
            made = module(*given)
        except InputError:
            return None
        for found, output in zip(made if isinstance(made, tuple) else (made,), outputs, strict=True):
            wanted = np.asarray(output)
            assert tuple(found.shape) == wanted.shape, case.name
            np.testing.assert_allclose(
                found.numpy().astype(np.float64), wanted.astype(np.float64), rtol=1e-3, atol=1e-5, err_msg=case.name
            )
    return True


@pytest.fixture
def passes():
    """``passes(functions)``: how many of the ONNX project's tests of these operators are computed; none is wrong."""

    def count(functions):
        of_them = [case for case in cases() if case.model.graph.node[0].op_type in functions]
        done = [case.model.graph.node[0].op_type for case in of_them if run(case)]
        missing = set(functions) - set(done)
        return len(done), missing

    return count
