"""Networks, data sets, checkpoints, and the way from a PyTorch module to an ONNX graph."""
