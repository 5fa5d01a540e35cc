"""The sensitivity scan: each layer alone is pruned, or clustered, at once, and the network is judged as it is then.

After Han, Mao & Dally, "Deep Compression", ICLR 2016, section 2, and Han, Pool, Tran & Dally, "Learning both weights
and connections for efficient neural networks", NeurIPS 2015, figure 6, who chose the sparsity of each layer by it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from edgecompress.compress import train
from edgecompress.compress.cluster.finetune import SharedWeights
from edgecompress.compress.context import Context
from edgecompress.compress.evaluate import outputs, refresh_batchnorm
from edgecompress.compress.prune import masks
from edgecompress.compress.record import TOP_1
from edgecompress.compress.targets import taken
from edgecompress.recipe import Recipe
from edgecompress.search.records import Sensitivity
from edgecompress.search.searchable import Searchable

REFRESH_BATCHES = 10
"""Training batches for BatchNorm's statistics after each change: a tenth of what the stages take."""

Change = Literal["sparsity", "bits"]
Kept = Callable[[Sensitivity], None]


def scan(
    module: nn.Module, context: Context, layers: Sequence[Searchable], done: Sequence[Sensitivity], kept: Kept
) -> list[Sensitivity]:
    """Judge each layer at the sparsities and bits of the recipe's ``search`` table.

    Weights are pruned by magnitude, in the layer's pattern, and clustered as the recipe does it.

    Args:
        module: the dense network, on the device where it runs; its state is the same afterwards.
        context: of the stages.
        layers: what there is to choose in each layer.
        done: what an earlier, interrupted scan found.
        kept: is given each new result.
    """
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    judge = _Judge(module, context)
    found = {(each.layer, each.change, each.value): each for each in done}
    dense_loss = judge()[1]
    module.load_state_dict(state)
    wanted = list(_wanted(context.recipe, layers))
    for count, (layer, change, value) in enumerate(wanted, start=1):
        key = (layer.name, change, value)
        if key not in found:
            if change == "sparsity":
                _prune(module, layer, value)
            else:
                _cluster(module, context.recipe, layer, int(value))
            accuracy, loss = judge()
            module.load_state_dict(state)
            found[key] = Sensitivity(
                layer=layer.name,
                weights=layer.weights,
                change=change,
                value=value,
                accuracy=accuracy,
                loss_rise=loss - dense_loss,
            )
            kept(found[key])
        by = context.metric.name
        outcome = f"{found[key].accuracy:.1f} % right" if by == TOP_1 else f"{by} {found[key].accuracy:.5g}"
        note = f"{layer.name} at {change} {value:g}: {outcome}"
        context.progress("scan", count, len(wanted), note)
    return [found[layer.name, change, value] for layer, change, value in wanted]


def _wanted(recipe: Recipe, layers: Sequence[Searchable]) -> Iterator[tuple[Searchable, Change, float]]:
    for layer in layers:
        if layer.prunable:
            yield from ((layer, "sparsity", each) for each in sorted(recipe.search.sparsities))
        if layer.most_bits:
            yield from ((layer, "bits", float(each)) for each in sorted(recipe.search.bits) if each <= layer.most_bits)


class _Judge:
    """Accuracy, or the metric, and loss of a network as it is, its BatchNorm refreshed, on always the same samples."""

    def __init__(self, module: nn.Module, context: Context) -> None:
        self.module, self.loss, self.metric = module, context.loss, context.metric
        x, y = context.validation
        self.x = x[: context.recipe.search.samples]
        self.y = taken(y, torch.arange(len(self.x)))
        generator = train.epoch_generator(context.recipe.seed, -1)
        stream = train.batches(context.training, context.recipe.cluster, generator)
        self.refresh = [x for (x, _), _ in zip(stream, range(REFRESH_BATCHES), strict=False)]

    def __call__(self) -> tuple[float, float]:
        refresh_batchnorm(self.module, self.refresh)
        logits = outputs(self.module, self.x)
        value = self.metric.function(logits, self.y)
        if self.loss is None:
            return value, float(functional.cross_entropy(logits, self.y))
        # A loss of the user's own is refused where it does not depend on the outputs.
        return value, float(self.loss(self.x, logits.requires_grad_(), self.y).detach())


def _prune(module: nn.Module, layer: Searchable, sparsity: float) -> None:
    weights = {layer.name: module.get_parameter(layer.parameter)}
    scores = {layer.name: weights[layer.name].detach().abs()}
    masks.apply(weights, masks.choose(scores, sparsity, scope="layer", patterns={layer.name: layer.pattern}))


def _cluster(module: nn.Module, recipe: Recipe, layer: Searchable, bits: int) -> None:
    own = recipe.layer(layer.name).model_copy(update={"bits": bits})
    alone = recipe.model_copy(update={"layers": {layer.name: own}})
    SharedWeights({layer.name: module.get_parameter(layer.parameter)}, alone).finish()
