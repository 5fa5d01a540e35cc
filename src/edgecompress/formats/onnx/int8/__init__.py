"""int8 arithmetic for ONNX: the float32 graph made ready, and quantised by onnxruntime's own quantiser."""
