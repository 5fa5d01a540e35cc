"""The rule that stands in for counted instructions: what files like this executed over the dense one, elsewhere.

Counted on emulated Cortex-A72 and A76 in LiteRT 2.3 and onnxruntime 1.32, of MobileNetV1 and V2 at 96x96 and 224x224;
docs/runtimes.md has the figures. Rounded to what a choice needs.
"""

from edgecompress.export.kinds import Kind
from edgecompress.formats.tflite.sparse_inference.verdict import SparseInference
from edgecompress.target import Runtime, Target

# Share of zeros in a run of sparse kernels, and what was executed of the dense file's instructions at least there.
_SPARSE = ((0.85, 0.4), (0.8, 0.55), (0.7, 0.8))
_INT8 = {"onnxruntime": 0.35, "litert": 0.41}
_INT8_WITHOUT_DOTPROD = 0.9
_FLOAT16 = 0.6
# What onnxruntime's dense file executed over LiteRT's of the same network.
_ONNXRUNTIME = 1.9


def expected(kind: Kind, runtime: Runtime, board: Target, inference: SparseInference | None) -> float | None:
    """The instructions of a file over those of its runtime's dense file on 64-bit Arm; ``None``: not counted."""
    if board.arch != "aarch64":
        return None
    if kind in ("int8", "dense-int8"):
        return _INT8[runtime] if "dotprod" in board.features else _INT8_WITHOUT_DOTPROD
    if kind == "float16":
        return _FLOAT16 if "fp16" in board.features else 1.0
    if kind == "compressed" and board.sparse_kernels and inference is not None and inference.state == "on":
        return next((ratio for zeros, ratio in _SPARSE if (inference.zeros or 0) >= zeros), 1.0)
    return 1.0


def of_runtime(runtime: Runtime) -> float:
    """The instructions of a runtime's dense file over those of LiteRT's."""
    return _ONNXRUNTIME if runtime == "onnxruntime" else 1.0
