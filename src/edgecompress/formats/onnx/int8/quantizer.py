"""onnxruntime's quantiser as a program: ``python -m ... FLOAT.onnx INPUTS.npy INPUT WRITTEN.onnx``."""

import importlib
import sys
from typing import Any

import numpy as np

BATCH = 32
# Operators with int8 kernels, or that pass int8 on as it is. What is not named here is computed in float32.
OPERATORS = (
    "Add", "AveragePool", "Clip", "Concat", "Conv", "ConvTranspose", "Flatten", "Gemm", "GlobalAveragePool", "MatMul",
    "MaxPool", "Mul", "Pad", "Relu", "Reshape", "Squeeze", "Transpose", "Unsqueeze",
)  # fmt: skip


class CalibrationReader:
    """The calibration inputs as the quantiser asks for them: batch by batch, then None."""

    def __init__(self, path: str, name: str) -> None:
        x = np.load(path, allow_pickle=False)
        self._parts = iter([{name: x[start : start + BATCH]} for start in range(0, len(x), BATCH)])

    def get_next(self) -> dict[str, Any] | None:
        """The next batch."""
        return next(self._parts, None)


def main(arguments: list[str]) -> int:
    """Write the int8 model; 0, or 1 with the reason as the last line of stderr."""
    source, inputs, name, written = arguments
    quantization = importlib.import_module("onnxruntime.quantization")
    int8 = quantization.QuantType.QInt8
    try:
        quantization.quantize_static(
            source,
            written,
            CalibrationReader(inputs, name),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=list(OPERATORS),
            per_channel=True,
            reduce_range=True,  # 7 bits: see quantize.quantized
            # On x86 as fast as uint8, to which onnxruntime turns it when it loads the file; on ARM the faster one.
            activation_type=int8,
            weight_type=int8,
            calibrate_method=quantization.CalibrationMethod.MinMax,
        )
    except Exception as error:  # the quantiser's errors have no common type
        sys.stderr.write("\n" + " ".join(f"{type(error).__name__}: {error}".split()) + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
