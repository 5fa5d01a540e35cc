"""Inputs to calibrate with, and what the small network says of them."""

from ....int8.conftest import answers, inputs, unclustered

__all__ = ["answers", "inputs", "unclustered"]
