"""Clustering: weights share few values, by centroids or to a rate, and these are trained, or outputs reconstructed."""

from collections.abc import Mapping

import torch
from torch import nn

from edgecompress import methods
from edgecompress.compress import invariants, train
from edgecompress.compress.checkpoints import Checkpoint
from edgecompress.compress.cluster import rate
from edgecompress.compress.cluster.centroids import ALGORITHMS
from edgecompress.compress.cluster.finetune import SharedWeights, optimizer
from edgecompress.compress.cluster.granularity import shares
from edgecompress.compress.cluster.rate import RateConstrained
from edgecompress.compress.context import Context
from edgecompress.compress.details import ClusterDetails
from edgecompress.compress.evaluate import refresh_batchnorm
from edgecompress.compress.importance import importance
from edgecompress.compress.layers import compressible
from edgecompress.compress.reconstruct.cluster import cluster as cluster_reconstructed
from edgecompress.compress.stages.contract import Run, Stage
from edgecompress.compress.stages.training import loss_of, refresh_batches
from edgecompress.recipe import Clustering, Recipe


class Cluster(Stage):
    """Share the weights among few values."""

    name = "cluster"
    keeps_zeros = True

    def settings(self, recipe: Recipe) -> Clustering:
        """The recipe's ``cluster``."""
        return recipe.cluster

    def requires(self, module: nn.Module, context: Context) -> None:
        """Check that there is such a method, and that a palette holds each group of weights."""
        shares(compressible(module, context.recipe), context.recipe)
        rate.check(context.recipe)
        methods.find(ALGORITHMS, context.recipe.cluster.method)

    def run(self, module: nn.Module, run: Run, checkpoint: Checkpoint) -> ClusterDetails:
        """Cluster, and train what is shared."""
        context, recipe, settings = run.context, run.recipe, run.recipe.cluster
        if run.calibration and recipe.reconstruct:
            return cluster_reconstructed(module, run.teacher(module), recipe, run.calibration, context.progress)
        weights, batches = compressible(module, recipe), refresh_batches(context)
        refresh = [x for x, _ in batches]
        shared: SharedWeights | RateConstrained
        if settings.rate is None:
            shared = SharedWeights(weights, recipe)
        else:
            found = importance(module, weights, batches, loss_of(module, run, self.name, settings))
            steps = train.steps_per_epoch(len(context.training.x), settings.batch_size)
            shared = RateConstrained(weights, found, recipe, steps if settings.epochs else 0)
        refresh_batchnorm(module, refresh)
        unfinetuned = context.judge(module)
        if settings.epochs:
            self._train(module, run, shared, checkpoint)
        shared.finish()
        refresh_batchnorm(module, refresh)
        invariants.few_values(weights, shared.most, self.name)
        return ClusterDetails(
            method=settings.method,
            bits=settings.bits,
            granularity=settings.granularity,
            training=settings.training,
            inertia=shared.inertia,
            clustering_seconds=round(shared.seconds, 3),
            **(shared.details if isinstance(shared, RateConstrained) else {}),
            validation_accuracy_unfinetuned=unfinetuned,
        )

    def _train(
        self, module: nn.Module, run: Run, shared: SharedWeights | RateConstrained, checkpoint: Checkpoint
    ) -> None:
        context, settings = run.context, run.recipe.cluster
        shared.after_step(0, 1)  # what is soft while it trains is soft from here on
        train.fit(
            module,
            context.training,
            settings,
            optimizer=optimizer(module, shared, settings),
            hooks=shared,
            seed=run.recipe.seed,
            title=self.name,
            checkpoint=checkpoint,
            progress=context.progress,
            loss=loss_of(module, run, self.name, settings),
            classes=context.loss is None,
            carried=shared.carried,
        )

    def ensures(self, zeros: Mapping[str, torch.Tensor], weights: Mapping[str, torch.Tensor], recipe: Recipe) -> None:
        """The same weights are zero; where a rate decides about zeros too, at least these are."""
        check = invariants.same_zeros if recipe.cluster.rate is None else invariants.kept_zeros
        check(zeros, weights, self.name)
