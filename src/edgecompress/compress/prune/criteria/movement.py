"""Movement: weights that training drives away from zero matter, weights that it drives towards zero go.

Sanh, Wolf & Rush, "Movement pruning: adaptive sparsity by fine-tuning", NeurIPS 2020. There a pruned
weight keeps its value and may return; here it is zero and stays zero, as under every other criterion.

Made for weights that were trained for another task (``--checkpoint``). Weights that have converged on the task itself
move nowhere: their sums are noise, and choosing by it is no better than choosing at random.
"""

import torch


def movement(weight: torch.Tensor, *, gradient: torch.Tensor, score: torch.Tensor) -> torch.Tensor:
    """The sum of ``-weight * gradient`` over all steps since pruning began.

    Args:
        weight: any shape, floating point.
        gradient: of the loss of one batch, same shape.
        score: what the last call returned, same shape; zeros at first.
    """
    return score - weight.detach() * gradient
