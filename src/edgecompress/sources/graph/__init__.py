"""An ONNX graph as a PyTorch module: it runs, it trains, and it goes back into the graph that it came from."""
