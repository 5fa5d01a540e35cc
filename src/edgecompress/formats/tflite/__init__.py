"""TFLite: an ONNX graph lowered to TFLite operators, its weights in the smallest stock form, written and read back."""
