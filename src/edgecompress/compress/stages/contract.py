"""A stage of the compression: what it requires, does and ensures, and what decides its result; and the run it is in."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import nn

from edgecompress.compress import distill
from edgecompress.compress.checkpoints import Checkpoint, State
from edgecompress.compress.context import Context
from edgecompress.compress.details import Details
from edgecompress.compress.kept import KeptState
from edgecompress.compress.record import StageResult
from edgecompress.recipe import Recipe, StageSettings


@dataclass(frozen=True)
class Run:
    """A network on its way: what it is compressed with, and what the stages so far have left.

    The network itself is beside it and changed in place. A run can begin after any stage of another one: its states
    are read where they are kept.

    Attributes:
        context: the recipe, the data, and where stages are kept.
        key: over everything that decides the network as it is now.
        stages: what each did.
        states: of the network after each, by the stage's name.
        kept: the stages that an earlier run had finished.
        early: the baseline's state at the epoch that weights are set back to, where they are.
        calibration: the inputs that outputs are reconstructed on, made when they are first asked for.
        control: the baseline trained on, uncompressed, where that is asked for; ``control.last`` is its state.
    """

    context: Context
    key: str
    stages: tuple[StageResult, ...] = ()
    states: Mapping[str, KeptState] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    early: State = field(default_factory=dict)
    calibration: Callable[[], torch.Tensor] | None = None
    control: "Run | None" = None

    @property
    def recipe(self) -> Recipe:
        """The settings of all stages."""
        return self.context.recipe

    @property
    def dense(self) -> KeptState:
        """The network after the first stage: the baseline."""
        return next(iter(self.states.values()))

    @property
    def structured(self) -> KeptState:
        """The network before it was pruned: the baseline, where no channels were removed."""
        return self.states.get("structure", self.dense)

    @property
    def pruned(self) -> KeptState:
        """The network before it was clustered."""
        return self.states["retrain"]

    @property
    def last(self) -> KeptState:
        """The network after the last stage."""
        return self.states[self.stages[-1].stage]

    def teacher(self, module: nn.Module) -> nn.Module:
        """A network like ``module`` with the baseline's weights, in evaluation mode, not to be trained."""
        return distill.teacher(module, self.dense)


class Stage(ABC):
    """A step that changes the network in place.

    What is kept of a stage is found again by a key over all that decides it: the key of what stands before it, its
    name, and ``decides``. A stage of one's own is a subclass in a file of its own, and a line in ``order``.
    """

    name: ClassVar[str]
    makes_baseline: ClassVar[bool] = False
    """Whether it makes the network that all others are compared with: no layer is compressed in it."""
    keeps_zeros: ClassVar[bool] = False
    """Whether ``ensures`` is given the zeros of before."""

    @abstractmethod
    def settings(self, recipe: Recipe) -> StageSettings:
        """The stage's table of the recipe."""

    def epochs(self, recipe: Recipe) -> int:
        """The number of epochs that the stage trains, for its result."""
        return 0 if recipe.reconstruct else self.settings(recipe).epochs

    def decides(self, module: nn.Module, recipe: Recipe) -> Mapping[str, Any]:  # noqa: ARG002 - some stages ask both
        """The inputs that decide the result beside seed, the stage's table, layers, distillation and reconstruction."""
        return {}

    def requires(self, module: nn.Module, context: Context) -> None:  # noqa: B027 - most require nothing
        """Make sure that the recipe fits the network, before anything is run.

        Raises:
            InputError: it does not; the line says what to change.
        """

    def begins(self, module: nn.Module, run: Run, checkpoint: Checkpoint) -> Run:  # noqa: ARG002
        """Make what later stages need of this one, whether or not its result is kept already."""
        return run

    @abstractmethod
    def run(self, module: nn.Module, run: Run, checkpoint: Checkpoint) -> Details:
        """Run the stage in place and report it. Epochs are kept in ``checkpoint``; an interrupted run goes on there.

        Raises:
            CheckError: training diverged.
        """

    def ensures(  # noqa: B027 - some promise nothing
        self, zeros: Mapping[str, torch.Tensor], weights: Mapping[str, torch.Tensor], recipe: Recipe
    ) -> None:
        """Make sure that what the stages before have made is still there.

        Args:
            zeros: where the compressible weights were zero before, bool, where the stage ``keeps_zeros``.
            weights: the compressible weights as they are now.
            recipe: the settings.

        Raises:
            CheckError: it is not; the line names the layer.
        """

    def ends(self, checkpoint: Checkpoint, recipe: Recipe) -> None:  # noqa: B027 - most keep nothing beside the result
        """Delete what the stage kept on its way, once its result is kept."""
