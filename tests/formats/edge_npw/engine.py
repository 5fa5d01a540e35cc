"""The engine of .npw files for the agent: NumPy itself."""

import numpy as np

from edge_npw import file
from edgecompress.agent.engines.contract import EngineInput


class Engine:
    """A loaded file."""

    runtime = "numpy"
    version = np.__version__
    outputs = ("y",)
    placement = None

    def __init__(self, path, batch):
        self.layers, self.arrays = file.load(path)
        self.inputs = (EngineInput("x", (batch, len(file.matrix(self.layers[0], self.arrays))), "float32"),)
        self.details = {}

    def run(self, feed):
        return [file.run(self.layers, self.arrays, feed["x"])]


def prepare():
    """NumPy is there."""


def check(accelerator):
    """There is none, and nobody asks for one here."""


def load(path, threads, batch, accelerator=None, free=None):
    """The file, ready to run."""
    return Engine(path, batch or 1)
