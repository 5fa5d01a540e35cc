import pytest

from edgecompress.compress.stages.control import phases
from edgecompress.compress.stages.run import run_all

from .conftest import equal

REWOUND = {"retrain__rewind": "rate"}


def controlled(network, context, **changes):
    return run_all(network(), context(**changes), trained=False, control=True)


@pytest.mark.parametrize("changes", [{}, REWOUND], ids=str)
def test_it_is_what_the_stages_make_of_a_network_of_which_nothing_is_pruned(network, context, changes):
    nothing = {"prune__sparsity": 0.0, "cluster__epochs": 0, **changes}
    run = controlled(network, context, **nothing)
    assert equal(run.control.last, run.pruned)
    assert not equal(run.control.last, run.dense)
    assert run.control.stages[-1].epochs == 4
    assert run.control.stages[-1].sparsity == 0


def test_it_is_trained_as_long_as_compression_trains_and_clustering_s_epochs_by_the_schedule_of_retraining(context):
    found = phases(context(structure={"macs": 0.5, "rounds": 2, "epochs": 3}).recipe)
    assert [(phase.name, len(phase.epochs)) for phase in found] == [
        ("structure", 3), ("structure", 3), ("prune", 2), ("retrain", 2), ("cluster", 2),
    ]  # fmt: skip
    retrain, cluster = found[-2:]
    assert cluster.settings == retrain.settings
    rewound = phases(context(retrain__epochs=1, **REWOUND).recipe)[1]
    assert (rewound.epochs, rewound.settings.epochs) == (range(2, 3), 3)  # the end of the baseline's schedule


def test_compression_is_the_same_beside_it_and_networks_of_other_rates_share_it(network, context):
    alone = run_all(network(), context(), trained=False)
    told = []
    run = controlled(network, context, progress=lambda *said: told.append(said))
    assert equal(run.last, alone.last)
    assert run.kept == {"train", "prune", "retrain", "cluster"}
    assert "control" not in run.control.kept
    assert {said[0] for said in told if said[3].startswith("epoch")} == {
        "control, as prune",
        "control, as retrain",
        "control, as cluster",
    }
    other = controlled(network, context, prune__sparsity=0.5, cluster__bits=2, distill={"stages": ["retrain"]})
    assert other.control.kept == {"train", "control"}
    longer = controlled(network, context, retrain__epochs=3)
    assert longer.control.kept == {"train"}
    assert not equal(longer.control.last, run.control.last)


@pytest.mark.parametrize("phase", ["prune", "retrain", "cluster"])
def test_interrupted_in_any_phase_a_second_run_ends_with_the_same_bits(network, context, tmp_path, phase):
    whole_context = context()
    object.__setattr__(whole_context, "folder", tmp_path / "whole")
    whole = run_all(network(), whole_context, trained=False, control=True)

    def interrupt(title: str, done: int, total: int, note: str = "", /) -> None:
        if title == f"control, as {phase}" and done > total // 2 + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        controlled(network, context, progress=interrupt)
    told = []
    resumed = controlled(network, context, progress=lambda *said: told.append(said))
    assert equal(resumed.control.last, whole.control.last)
    first = next(said for said in told if said[0].startswith("control, as"))
    assert (first[0], first[1] > 1) == (f"control, as {phase}", True), "it went on, it did not begin again"
    assert not list(whole_context.folder.glob("*.part.safetensors"))


def test_without_epochs_after_the_baseline_it_is_the_baseline(network, context):
    none = {f"{stage}__epochs": 0 for stage in ("prune", "retrain", "cluster")}
    run = controlled(network, context, **none)
    assert equal(run.control.last, run.dense)
    assert run.control.stages[-1].stage == "train"
    assert phases(context(reconstruct={}).recipe) == []
