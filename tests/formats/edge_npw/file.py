"""What a .npw file holds: a mark, then an npz archive of its weights and of the order of its layers."""

import io
import json

import numpy as np

MARK = b"NPWEIGHT"
LAYERS = "layers"


def dumps(layers, arrays, *, compress):
    """The bytes of a file."""
    stream = io.BytesIO()
    order = np.frombuffer(json.dumps(layers).encode(), np.uint8)
    (np.savez_compressed if compress else np.savez)(stream, **arrays, **{LAYERS: order})
    return MARK + stream.getvalue()


def load(path):
    """The layers of a file, and its weights by name."""
    with np.load(io.BytesIO(path.read_bytes()[len(MARK) :]), allow_pickle=False) as archive:
        arrays = dict(archive)
    return json.loads(arrays.pop(LAYERS).tobytes()), arrays


def run(layers, arrays, x):
    """What the network makes of ``x`` (n, inputs)."""
    for layer in layers:
        x = np.maximum(x, 0) if layer == "relu" else x @ matrix(layer, arrays) + arrays[layer[1]]
    return x


def matrix(layer, arrays):
    """The weight of a layer as (inputs, outputs)."""
    weight, _, is_transposed = layer
    return arrays[weight].T if is_transposed else arrays[weight]
