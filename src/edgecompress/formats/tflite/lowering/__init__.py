"""How each ONNX operator becomes TFLite operators: one file an operator family, ``operators`` holds the table."""
