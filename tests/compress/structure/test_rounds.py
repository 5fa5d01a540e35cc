import pytest
import torch
from torch import nn

from edgecompress.compress.stages.run import run_all
from edgecompress.compress.structure.search import MeasuredRatio
from edgecompress.errors import InputError

STAGE = {"learning_rate": 0.05, "batch_size": 32, "augment": False}
TABLE = {**STAGE, "epochs": 2, "rounds": 2, "macs": 0.5, "align": 2}


class Timer:
    """A runtime whose latency no two measurements agree on, as on a busy machine."""

    def __init__(self):
        self.measured = 0

    def __call__(self, module: nn.Module) -> MeasuredRatio:
        self.measured += 1
        ratio = module[0].out_channels / 16 + 0.003 * (self.measured % 7)
        return MeasuredRatio(ratio, ratio, ratio)


@pytest.fixture
def deep():
    def make() -> nn.Module:
        torch.manual_seed(3)
        return nn.Sequential(
            nn.Conv2d(1, 16, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 12, 3), nn.ReLU(), nn.Flatten(),
            nn.Linear(12 * 16, 3),
        )  # fmt: skip

    return make


def given(context, folder, latency=None, **changes):
    made = context(**changes)
    object.__setattr__(made, "folder", folder)
    object.__setattr__(made, "latency", latency)
    return made


def equal(a, b) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_the_stage_runs_between_training_and_pruning_and_later_ones_work_on_what_is_left(deep, context, tmp_path):
    result = run_all(deep(), given(context, tmp_path, structure=TABLE), trained=False)
    assert [stage.stage for stage in result.stages] == ["train", "structure", "prune", "retrain", "cluster"]
    structure, cluster = result.stages[1], result.stages[-1]
    assert structure.epochs == 4
    assert structure.details.macs_after <= 0.5 * structure.details.macs_before
    assert structure.details.measured[0].macs <= 0.5**0.5
    assert structure.details.measured[0].accuracy > 50
    assert result.dense["0.weight"].shape == (16, 1, 3, 3)
    out, after = result.last["0.weight"].shape[0], result.last["3.weight"].shape[0]
    assert out % 2 == after % 2 == 0
    assert result.last["6.weight"].shape == (3, after * 16)
    assert cluster.validation_accuracy > 85
    assert cluster.sparsity == pytest.approx(0.8, abs=0.01)
    assert cluster.distinct_max <= 9
    # What the rounds kept is gone: a state for each stage is left.
    assert len(list(tmp_path.glob("*.safetensors"))) == 5


@pytest.mark.parametrize("target", ["macs", "latency"])
@pytest.mark.parametrize("title", ["structure 1/2", "structure 2/2", "prune"])
def test_interrupted_in_any_round_a_second_run_ends_as_if_nothing_had_happened(deep, context, tmp_path, target, title):
    timer = Timer() if target == "latency" else None
    table = {**TABLE, "macs": None, "latency": 0.6} if target == "latency" else TABLE
    whole = run_all(deep(), given(context, tmp_path / "whole", timer, structure=table), trained=False)

    def interrupt(said, done, total, note="", /):
        if said == title and done > total // 2 + 1:
            raise KeyboardInterrupt

    timer = Timer() if target == "latency" else None
    with pytest.raises(KeyboardInterrupt):
        run_all(deep(), given(context, tmp_path / "cut", timer, structure=table, progress=interrupt), trained=False)
    told = []
    resumed = run_all(
        deep(),
        given(context, tmp_path / "cut", timer, structure=table, progress=lambda *said: told.append(said)),
        trained=False,
    )
    assert equal(resumed.last, whole.last)
    assert resumed.stages[1].details == whole.stages[1].details
    first = next(said for said in told if said[0] == title)
    assert first[1] > 1, "the round went on, it did not begin again"


def test_killed_between_rounds_it_goes_on_with_the_next(deep, context, tmp_path):
    whole = run_all(deep(), given(context, tmp_path / "whole", structure=TABLE), trained=False)

    def interrupt(said, done, total, note="", /):
        if said == "structure 2/2":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(deep(), given(context, tmp_path / "cut", structure=TABLE, progress=interrupt), trained=False)
    told = []
    resumed = run_all(
        deep(),
        given(context, tmp_path / "cut", structure=TABLE, progress=lambda *said: told.append(said)),
        trained=False,
    )
    assert equal(resumed.last, whole.last)
    assert "structure 1/2" not in {said[0] for said in told}
    told.clear()
    again = run_all(
        deep(),
        given(context, tmp_path / "cut", structure=TABLE, progress=lambda *said: told.append(said)),
        trained=False,
    )
    assert {said[3] for said in told} == {"kept from an earlier run"}
    assert equal(again.last, whole.last)
    assert again.stages[1] == resumed.stages[1]


def test_a_stage_that_was_lost_and_measured_anew_takes_its_followers_with_it(deep, context, tmp_path):
    table = {**TABLE, "macs": None, "latency": 0.6, "rounds": 1}
    first = run_all(deep(), given(context, tmp_path, Timer(), structure=table), trained=False)
    states = sorted(tmp_path.glob("*.safetensors"), key=lambda path: path.stat().st_mtime_ns)
    states[1].unlink()

    def slower(module: nn.Module) -> MeasuredRatio:
        return MeasuredRatio(*[module[0].out_channels / 16 + 0.25] * 3)

    second = run_all(deep(), given(context, tmp_path, slower, structure=table), trained=False)
    assert second.last["0.weight"].shape[0] < first.last["0.weight"].shape[0]


def test_the_dense_network_teaches_the_narrow_one(deep, context, tmp_path):
    distill = {"stages": ["structure", "retrain"]}
    taught = run_all(deep(), given(context, tmp_path, structure=TABLE, distill=distill), trained=False)
    plain = run_all(deep(), given(context, tmp_path, structure=TABLE), trained=False)
    assert not equal(taught.last, plain.last)
    assert taught.stages[-1].validation_accuracy > 85


def test_what_cannot_be_is_said_before_anything_is_trained(deep, context, tmp_path):
    told = []
    for changes, message in (
        ({"structure": {**TABLE, "criterion": "tailor"}}, "unknown criteri"),
        ({"structure": {**TABLE, "macs": 0.001}}, "cannot be reached"),
        ({"structure": TABLE, "retrain__rewind": "weights"}, "structure"),
    ):
        with pytest.raises(InputError, match=message):
            run_all(
                deep(), given(context, tmp_path, progress=lambda *said: told.append(said), **changes), trained=False
            )
    assert told == []
