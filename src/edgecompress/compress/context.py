"""The context that all stages share: the recipe, the data, and where checkpoints are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgecompress.compress.checkpoints import Mirror, State
from edgecompress.compress.evaluate import ACCURACY, Metric, judged
from edgecompress.compress.structure.contract import Measure
from edgecompress.compress.targets import Targets
from edgecompress.compress.train import Loss, TrainingData
from edgecompress.progress import Progress
from edgecompress.recipe import Recipe


@dataclass(frozen=True)
class Context:
    """The inputs of every stage.

    Attributes:
        recipe: the settings of all stages.
        training: the training split.
        validation: inputs and classes, or other targets, of the validation split.
        folder: where checkpoints are kept.
        identity: what decides the network and the data (names, sizes, checksums); part of every checkpoint's key.
        progress: called with how far a stage is.
        latency: measures a network's latency against the dense one's; needed where the recipe has a target for it.
        mirror: another place where finished stages are kept, if there is one.
        loss: what stages learn from, of the user's own; ``None``: cross entropy with the classes.
        metric: what the network is judged by on the validation split.
    """

    recipe: Recipe
    training: TrainingData
    validation: tuple[torch.Tensor, Targets]
    folder: Path
    identity: Mapping[str, Any]
    progress: Progress
    latency: Measure | None = None
    mirror: Mirror | None = None
    loss: Loss | None = None
    metric: Metric = ACCURACY

    def judge(self, module: nn.Module) -> float | None:
        """The metric on the validation split; ``None`` where that has neither classes nor other targets."""
        return judged(module, self.validation, self.metric)


def state_of(module: nn.Module) -> State:
    """The tensors of ``module`` as they are now, on the CPU."""
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in module.state_dict().items()}
