"""Pruning and clustering inside a training loop of the caller's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import torch
from torch import nn

from edgecompress.compress import invariants
from edgecompress.compress.cluster.finetune import SharedWeights
from edgecompress.compress.cluster.granularity import shares
from edgecompress.compress.cluster.rate import RateConstrained
from edgecompress.compress.cluster.rate import check as check_rate
from edgecompress.compress.layers import distinct, named
from edgecompress.compress.prune import masks
from edgecompress.compress.prune.gradual import GradualPruning
from edgecompress.compress.train import rate_factor
from edgecompress.errors import InputError
from edgecompress.library.networks import weights_of
from edgecompress.library.phases import Phase, share_out
from edgecompress.library.recipes import Given, chosen
from edgecompress.sources.factory import bare


@dataclass(frozen=True)
class CompressionResult:
    """The result of a finished compression.

    Attributes:
        steps: that the loop took.
        sparsity: fraction of the compressible weights that are zero.
        distinct_max: most distinct values, zero included, that any of their layers has.
    """

    steps: int
    sparsity: float
    distinct_max: int


class Compressor:
    """A compressor of a network in place: it prunes on a recipe's schedule, holds its zeros, and clusters at the end.

    The caller's loop has loss, optimizer and learning rate. The recipe's ``prune``, ``retrain`` and ``cluster`` share
    ``total_steps`` out as their ``epochs`` are to each other. Centroids are trained here, with Adam.

    Call ``after_backward()`` once before each step of the optimizer, when all gradients are there (and unscaled);
    ``after_step()`` after it; ``finalize()`` at the end. A network that is wrapped (compiled, on several devices) is
    compressed inside.

    Args:
        net: The network, on its device; its weights must be the optimizer's.
        recipe: As ``ec.compress`` takes it.
        total_steps: Steps of the optimizer that the loop will take.

    Attributes:
        step: How many steps were taken.

    Raises:
        InputError: The recipe does not fit the network, or asks for what a loop of one's own cannot give.
    """

    def __init__(
        self,
        net: nn.Module,
        recipe: Given = None,
        *,
        total_steps: int,
    ) -> None:
        inside = bare(net)
        self.recipe = named(chosen(recipe), inside)
        self.weights = weights_of(inside, self.recipe)
        self.net, self.total_steps, self.step = inside, total_steps, 0
        self._pruned, self._clustering = share_out(self.recipe, total_steps)
        shares(self.weights, self.recipe)
        check_rate(self.recipe)
        epochs = max(1, self.recipe.prune.epochs)
        self._pruning = GradualPruning(self.weights, self.recipe, max(1, self._pruned // epochs))
        self._importance: dict[str, torch.Tensor] = {}
        self._unclustered: dict[str, torch.Tensor] = {}
        self._shared: SharedWeights | RateConstrained | None = None
        self._adam: torch.optim.Optimizer | None = None
        self._ready = self._finished = False
        if not self._pruned:
            self._pruning.update(1.0)
        if not self._clustering:
            self._cluster()

    @property
    def phase(self) -> Phase:
        """The phase that the next step belongs to."""
        if self._finished:
            return "finished"
        if self._shared is not None:
            return "cluster"
        return "prune" if self.step < self._pruned else "retrain"

    @property
    def sparsity(self) -> float:
        """The fraction of the compressible weights that are zero now."""
        return masks.sparsity(self.weights)

    def __repr__(self) -> str:
        """The step, the phase and the sparsity in one line."""
        return (
            f"Compressor(step {self.step} of {self.total_steps}, {self.phase}, {self.sparsity:.1%} of "
            f"{sum(weight.numel() for weight in self.weights.values()):,} weights are zero)"
        )

    def after_backward(self) -> None:
        """Take in the gradients of a step; those of clustered weights go to their centroids.

        Raises:
            InputError: A compressed layer has no gradient, or it is called twice for a step.
        """
        self._check_open()
        if self._ready:
            raise InputError("call after_backward() once a step: after the last backward pass, and then after_step()")
        self._ready = True
        if self._shared is not None:
            for name, weight in self.weights.items():
                if weight.grad is None:
                    raise InputError(
                        f"layer '{name}' has no gradient; call after_backward() before gradients are set to None, or "
                        f"keep the layer dense: layers.'{name}'.dense = true"
                    )
            self._shared.after_backward()
        elif self.phase == "prune":
            self._pruning.after_backward()
        elif self.recipe.cluster.rate is not None:
            self._take_importance()

    def after_step(self) -> None:
        """Prune, hold zeros or train centroids, after the optimizer's step.

        Raises:
            InputError: ``after_backward()`` was not called for the step.
            CheckError: A weight is NaN or infinite where weights are to be clustered.
        """
        self._check_open()
        if not self._ready:
            raise InputError("call after_backward() before the optimizer's step, and after_step() after it")
        self._ready = False
        self.step += 1
        if self._shared is not None:
            self._train_centroids(self._shared)
        elif self.step <= self._pruned:
            self._pruning.after_step(self.step, self._pruned)
        else:
            masks.apply(self.weights, self._pruning.masks)
        if self._shared is None and self.step >= self._clustering and self.recipe.cluster.epochs:
            self._cluster()

    def finalize(self) -> CompressionResult:
        """End: all zeros and all centroids are there, also where the loop took fewer steps than ``total_steps``.

        Raises:
            InputError: It has ended already.
            CheckError: A layer has more values than the recipe allows.
        """
        self._check_open()
        if self._shared is None:
            if self.step < self._pruned:
                self._pruning.update(1.0)
            self._cluster()
        assert self._shared is not None
        self._shared.finish()
        self._finished = True
        invariants.few_values(self.weights, self._shared.most, "cluster")
        return CompressionResult(self.step, self.sparsity, max(distinct(weight) for weight in self.weights.values()))

    def state_dict(self) -> dict[str, Any]:
        """The state that a resumed loop needs beside the network and its optimizer: tensors and numbers.

        ``torch.save`` keeps it, and ``torch.load(..., weights_only=True)`` reads it. Ask for it between two steps.

        Raises:
            InputError: A step is half done, or all is finished.
        """
        self._check_open()
        if self._ready:
            raise InputError("call state_dict() after after_step(), not between it and after_backward()")
        known: dict[str, Any] = {
            "step": self.step,
            "total_steps": self.total_steps,
            "recipe": self.recipe.to_json(),
            "pruning": dict(self._pruning.carried),
            "importance": dict(self._importance),
        }
        if self._shared is not None and self._adam is not None:
            known["unclustered"] = dict(self._unclustered)
            known["trained"] = [each.detach() for layer in self._shared.layers for each in layer.trained]
            known["carried"] = dict(self._shared.carried)
            known["adam"] = self._adam.state_dict()
        return known

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from where another ``Compressor`` was, with the same network, recipe and steps.

        Make the ``Compressor`` first. Then load the network, the optimizer and this, in that order.

        Args:
            state: Of ``state_dict``.

        Raises:
            InputError: It is of another recipe, another network or another number of steps.
        """
        self._check_state(state)
        weights = {name: weight.detach().clone() for name, weight in self.weights.items()}
        self.step, self._ready = int(state["step"]), False
        self._importance = {name: tensor.clone() for name, tensor in state["importance"].items()}
        _copy(self._pruning.carried, state["pruning"])
        self._shared = self._adam = None
        if "adam" in state:
            _copy(self.weights, state["unclustered"])
            self._cluster()  # anew, which ends with the same centroids, labels and sizes
            assert self._shared is not None
            assert self._adam is not None
            trained = [each for layer in self._shared.layers for each in layer.trained]
            _copy(dict(enumerate(trained)), dict(enumerate(state["trained"])))
            _copy(self._shared.carried, state["carried"])
            self._adam.load_state_dict(state["adam"])
        _copy(self.weights, weights)

    def _check_state(self, state: Mapping[str, Any]) -> None:
        """Make sure that a state is of a ``Compressor`` like this one.

        Raises:
            InputError: it is not; the line says what differs.
        """
        if state.get("total_steps") != self.total_steps:
            raise InputError(
                f"the state is of {state.get('total_steps')} steps; make the Compressor with total_steps="
                f"{state.get('total_steps')}, not {self.total_steps}"
            )
        if state.get("recipe") != self.recipe.to_json():
            raise InputError("the state is of another recipe; make the Compressor with the one that it was made with")
        shapes = {name: tuple(mask.shape) for name, mask in state["pruning"].items()}
        if shapes != {name: tuple(mask.shape) for name, mask in self._pruning.carried.items()}:
            raise InputError("the state is of another network; make the Compressor with one of the same layers")

    def _take_importance(self) -> None:
        """Add the squared gradients of a step to what errors of the weights cost."""
        for name, weight in self.weights.items():
            if weight.grad is not None:
                known = self._importance.setdefault(name, torch.zeros_like(weight, dtype=torch.float32))
                known.add_(weight.grad.float().square())

    def _check_open(self) -> None:
        if self._finished:
            raise InputError("finalize() has ended this Compressor; make another one for another run")

    def _cluster(self) -> None:
        """Let the weights take centroids."""
        settings = self.recipe.cluster
        self._unclustered = {name: weight.detach().cpu().clone() for name, weight in self.weights.items()}
        if settings.rate is None:
            self._shared = SharedWeights(self.weights, self.recipe)
        else:
            left = max(0, self.total_steps - self.step)
            # Without a step of retraining all weights are alike.
            importance = {name: self._importance.get(name, torch.ones_like(w)) for name, w in self.weights.items()}
            self._shared = RateConstrained(
                self.weights, importance, self.recipe, ceil(left / max(1, settings.epochs)) if left else 0
            )
        groups = [
            {"params": layer.trained, "lr": settings.learning_rate * layer.scale} for layer in self._shared.layers
        ]
        self._adam = torch.optim.Adam(groups)
        if self.step < self.total_steps:
            self._shared.after_step(0, 1)  # what is soft while it trains is soft from here on

    def _train_centroids(self, shared: SharedWeights | RateConstrained) -> None:
        assert self._adam is not None
        settings, total = self.recipe.cluster, max(1, self.total_steps - self._clustering)
        done = min(self.step - self._clustering, total)
        factor = rate_factor(done - 1, total, warmup=settings.warmup, final_rate=settings.final_rate)
        for group, layer in zip(self._adam.param_groups, shared.layers, strict=True):
            group["lr"] = settings.learning_rate * layer.scale * factor
        gradients = [
            each.grad for group in self._adam.param_groups for each in group["params"] if each.grad is not None
        ]
        if all(bool(torch.isfinite(each).all()) for each in gradients):  # else a scaler skips the step too
            self._adam.step()
        self._adam.zero_grad(set_to_none=True)
        shared.after_step(done, total)


def _copy(own: Mapping[Any, torch.Tensor], state: Mapping[Any, torch.Tensor]) -> None:
    """Copy the tensors of a state over those of the same names, in place."""
    for name, tensor in own.items():
        tensor.data.copy_(state[name])
