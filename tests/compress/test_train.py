import itertools

import pytest
import torch
from torch import nn

from edgecompress.compress import train
from edgecompress.compress.checkpoints import Checkpoint
from edgecompress.errors import CheckError
from edgecompress.progress import silent
from edgecompress.recipe import Training


def test_the_rate_rises_then_falls_along_a_cosine():
    factors = [train.rate_factor(step, 100, warmup=0.1, final_rate=0.01) for step in range(100)]
    assert factors[0] < factors[5] < 1
    assert max(factors) == factors[10] == 1.0
    assert all(a >= b for a, b in itertools.pairwise(factors[10:]))
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=90, eta_min=0.01)
    for factor in factors[10:]:
        assert factor == pytest.approx(reference.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        reference.step()


@pytest.mark.parametrize(("count", "batch"), [(100, 32), (100, 64), (96, 32), (5, 128), (1, 128), (130, 128), (64, 64)])
def test_the_number_of_steps_is_the_number_of_batches(count, batch):
    data = train.TrainingData(torch.randn(count, 1), torch.arange(count))
    settings = Training(epochs=1, learning_rate=0.1, batch_size=batch)
    made = list(train.batches(data, settings, torch.Generator().manual_seed(0)))
    assert len(made) == train.steps_per_epoch(count, batch) >= 1
    seen = torch.cat([y for _, y in made])
    assert len(seen.unique()) == len(seen) > count / 2


def test_an_epoch_s_order_depends_on_seed_and_epoch_alone():
    draw = lambda seed, epoch: torch.randperm(20, generator=train.epoch_generator(seed, epoch)).tolist()  # noqa: E731
    assert draw(1, 4) == draw(1, 4)
    assert len({tuple(draw(1, 4)), tuple(draw(1, 5)), tuple(draw(2, 4))}) == 3


def test_a_diverging_run_is_stopped_with_advice(tmp_path):
    torch.manual_seed(0)
    module = nn.Linear(4, 3)
    data = train.TrainingData(torch.randn(64, 4) * 1e20, torch.randint(0, 3, (64,)))
    settings = Training(epochs=5, learning_rate=10.0, augment=False)
    optimizer = torch.optim.SGD(module.parameters(), lr=10.0)
    with pytest.raises(CheckError, match="lower its learning_rate"):
        train.fit(
            module,
            data,
            settings,
            optimizer=optimizer,
            hooks=train.NoHooks(),
            seed=1,
            title="train",
            checkpoint=Checkpoint(tmp_path, "k"),
            progress=silent,
        )
