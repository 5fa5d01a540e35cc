"""Holding every layer to a limit while the number of all zeros stays exact."""

from collections.abc import Callable, Mapping

from edgecompress.compress.prune.scopes.contract import ScoredLayer
from edgecompress.errors import InputError

Share = Callable[[Mapping[str, ScoredLayer], int], dict[str, int]]


def within(limit: float, layers: Mapping[str, ScoredLayer], sparsity: float, share: Share) -> dict[str, int]:
    """Share ``round(sparsity * scores)`` among the layers by ``share``, with no layer beyond ``limit``.

    Layers beyond the limit are held at it, and the rest is shared among the others again, until none is beyond.

    Raises:
        InputError: all layers at their limit are not enough.
    """
    wanted = round(sparsity * sum(layer.scores.size for layer in layers.values()))
    most = {name: int(limit * layer.scores.size) for name, layer in layers.items()}
    if wanted > sum(most.values()):
        raise InputError(
            f"sparsity {sparsity} is more than layer_limit {limit} allows; raise layer_limit or lower sparsity"
        )
    held: dict[str, int] = {}
    while True:
        free = {name: layer for name, layer in layers.items() if name not in held}
        counts = share(free, wanted - sum(held.values()))
        beyond = [name for name, count in counts.items() if count > most[name]]
        if not beyond:
            return held | counts
        held |= {name: most[name] for name in beyond}
