"""A built-in network, as any other source has one."""

from pathlib import Path

import torch

from edgecompress.manifest import End
from edgecompress.sources import load
from edgecompress.sources.datasets.contract import Dataset
from edgecompress.sources.model import Model
from edgecompress.sources.signature import Signature
from edgecompress.sources.to_onnx import INPUT, OUTPUT, grapher_of


def built_in(name: str, data: Dataset, *, width: float, seed: int, checkpoint: Path | None) -> Model:
    """The network called ``name`` for ``data``, with weights that ``seed`` decides, or those of ``checkpoint``.

    Raises:
        InputError: there is no such network, it cannot have that width, or the checkpoint is of another one.
    """
    shape, classes = data.input_shape, len(data.classes)
    torch.manual_seed(seed)
    module = load.network(name, shape, classes, width=width)
    if checkpoint:
        load.load_checkpoint(module, checkpoint)
    x = End(name=INPUT, shape=list(shape), dtype="float32")
    scores = End(name=OUTPUT, shape=[classes], dtype="float32")
    return Model(
        name=name,
        source=name,
        sha256="",
        module=module,
        signature=Signature((x,), (scores,)),
        trained=checkpoint is not None,
        graph=grapher_of(name, shape, classes, width),
        architecture="",
        built_in=True,
    )
