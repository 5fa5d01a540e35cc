"""The next point to try, by Optuna's tree-structured Parzen estimator.

Bergstra, Bardenet, Bengio & Kégl, "Algorithms for hyper-parameter optimization", NeurIPS 2011; constraints after
Watanabe & Hutter, "c-TPE: tree-structured Parzen estimator with inequality constraints", IJCAI 2023.

A study is made anew of all trials before each proposal, with a seed of that trial's own. So the record of the trials is
all that a search needs to go on, and an interrupted one proposes what an uninterrupted one would have.
"""

from collections.abc import Sequence
from math import log2
from typing import TYPE_CHECKING

from edgecompress.search.records import Trial
from edgecompress.search.space import Parameters, Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


def propose(
    space: Space, trials: Sequence[Trial], *, number: int, seed: int, allowed_drop: float, size_budget: int | None
) -> Parameters:
    """The point to try after ``trials``: where a small file that keeps the drop and the budget is likely.

    Args:
        space: where to look.
        trials: all so far, at least one.
        number: of the trial to come; what is proposed for two numbers differs, so that two workers try two points.
        seed: of the search.
        allowed_drop: the drop that a trial may have, in points or in units of the metric.
        size_budget: bytes that its file may take, if there is a limit.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    distributions: dict[str, BaseDistribution] = {
        name: optuna.distributions.FloatDistribution(*bounds) for name, bounds in space.floats.items()
    }
    distributions |= {name: optuna.distributions.IntDistribution(*bounds) for name, bounds in space.integers.items()}
    sampler = optuna.samplers.TPESampler(
        seed=(seed * 1_000_003 + number) % 2**32, multivariate=True, n_startup_trials=0
    )
    study = optuna.create_study(sampler=sampler)
    for trial in trials:
        if not all(low <= trial.parameters[name] <= high for name, (low, high) in space.floats.items()):
            continue  # the recipe's own allocation, where that is beyond the budget
        constraints = {"drop": 0.0 if trial.drop is None else trial.drop - allowed_drop}
        if size_budget is not None:
            constraints["size"] = log2(trial.bytes / size_budget)
        whole = {name: int(trial.parameters[name]) for name in space.integers}
        study.add_trial(
            optuna.trial.create_trial(
                value=log2(trial.bytes),
                params={**{name: trial.parameters[name] for name in space.floats}, **whole},
                distributions=distributions,
                constraints=constraints,
            )
        )
    return {name: float(value) for name, value in study.ask(distributions).params.items()}
