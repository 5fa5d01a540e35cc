"""ONNX: weights behind stock operators that rebuild them from their encoding, and that runtimes fold at load."""
