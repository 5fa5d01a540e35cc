"""ERK (Erdős-Rényi kernel): the larger a layer is for its dimensions, the sparser it gets.

Evci, Gale, Menick, Castro & Elsen, "Rigging the lottery: making all tickets winners" (RigL), ICML 2020, section 3: the
number of weights that a layer keeps is proportional to the sum of its dimensions,
``density = epsilon * (n_in + n_out + w + h) / (n_in * n_out * w * h)``, with one epsilon for the network. Layers whose
density would be more than 1 stay dense, and epsilon is chosen anew for the others.
"""

from collections.abc import Mapping

import numpy as np

from edgecompress.compress.prune.scopes._limit import within
from edgecompress.compress.prune.scopes.contract import ScoredLayer


def erk(layers: Mapping[str, ScoredLayer], sparsity: float, *, limit: float) -> dict[str, int]:
    """The number of weights to prune in each layer, by its shape alone. The sum is exact: largest fractions go up."""
    return within(limit, layers, sparsity, _share)


def _share(layers: Mapping[str, ScoredLayer], count: int) -> dict[str, int]:
    sizes = {name: layer.scores.size for name, layer in layers.items()}
    raw = {name: sum(layer.shape) / np.prod(layer.shape) * sizes[name] for name, layer in layers.items()}
    kept = sum(sizes.values()) - count
    dense: set[str] = set()
    while True:
        free = [name for name in layers if name not in dense]
        rest = kept - sum(sizes[name] for name in dense)
        epsilon = rest / max(sum(raw[name] for name in free), 1e-30)
        full = {name for name in free if epsilon * raw[name] > sizes[name]}
        if not full:
            break
        dense |= full
    zeros = {name: sizes[name] - epsilon * raw[name] for name in free}
    counts = {name: int(zeros.get(name, 0.0)) for name in layers}
    by_fraction = sorted(free, key=lambda name: counts[name] - zeros[name])  # stable: of equal ones, the first layer
    for name in by_fraction[: count - sum(counts.values())]:
        counts[name] += 1
    return counts
