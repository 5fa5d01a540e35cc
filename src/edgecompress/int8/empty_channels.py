"""Scales for channels whose weights are all zero, which pruning makes and of which a quantiser learns nothing.

The step of a channel's bias is its weights' scale times its input's. What the quantisers put down for weights of
zero is no scale for a bias: ai-edge-quantizer takes 1e-9 / 127, with which the bias passes the largest int32 and is cut
to nothing; onnxruntime takes 1, with which the bias is rounded to whole steps of the input. The weights are zero with
any scale, so such a channel gets one of which its bias is 2^15 steps.
"""

import numpy as np
import numpy.typing as npt

from edgecompress.int8.calibration import Floats

Integers = npt.NDArray[np.signedinteger]

_INT32 = np.iinfo(np.int32)
_STEPS = 2.0**15
_LEAST = 2.0**-12


def scales_for_empty(integers: Integers, scales: Floats, axis: int, of_input: float, bias: Floats) -> Floats | None:
    """``scales`` with those of channels of zeros replaced; ``None``: there are none, or nothing but them.

    Args:
        integers: int8 weights, of any shape.
        scales: float32, one for each index along ``axis``; one number for all is left alone.
        axis: The dimension of the output channels.
        of_input: The scale of the layer's input.
        bias: float32, one number for each channel.
    """
    others = tuple(each for each in range(integers.ndim) if each != axis % integers.ndim)
    used = np.any(integers, axis=others)
    if scales.size != len(used) or used.all() or not used.any():
        return None
    flat = scales.reshape(-1).astype(np.float64)
    wanted = np.abs(bias.reshape(-1).astype(np.float64)) / (of_input * _STEPS)
    # Kernels bear no ratio of scales below 2^-32; a bias that would need one is nothing.
    least = flat[used].min() * _LEAST
    return np.where(used, flat, np.maximum(wanted, least)).astype(np.float32).reshape(scales.shape)


def bias_steps(bias: Floats, scales: Floats) -> npt.NDArray[np.int32]:
    """A bias in whole steps of ``scales``, one for each of its numbers."""
    steps = np.round(bias.astype(np.float64) / scales.astype(np.float64))
    return np.clip(steps, _INT32.min, _INT32.max).astype(np.int32)
