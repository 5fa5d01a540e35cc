"""Lowerings of ONNX operators to TFLite's: one file an operator family, ``operators`` holds the table."""
