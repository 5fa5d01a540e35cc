"""Decode subgraphs: stock ONNX operators that rebuild a weight from its encoding, and that runtimes fold at load."""
