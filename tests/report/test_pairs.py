import pytest

from edgecompress.report.found import find
from edgecompress.report.pairs import headline, pairs

from . import documents


@pytest.fixture
def by_name(found):
    return {pair.name: pair for pair in pairs(found)}


def budget(document, **changes):
    document["outcome"]["budget"].update(changes)
    return document | {"recipe_digest": str(changes)}


CELLS = "alexnet, UCI-HAR, 90 % pruned, kmeans, 4 bits"


def test_seeds_of_one_configuration_are_one_pair(by_name):
    pair = by_name[CELLS]
    assert pair.seeds == 2
    assert pair.drops == pytest.approx((2.0, 4.0))
    assert pair.drop == pytest.approx(3.0)
    assert (pair.dense, pair.pruned, pair.compressed) == pytest.approx((94.0, 93.0, 91.0))
    assert len(pair.records) == 2


def test_the_deviation_is_from_the_papers_figure_for_this_kind_of_data(by_name):
    assert by_name[CELLS].deviation == pytest.approx(3.0 - 5.0)
    assert by_name["alexnet, Digits"].published is None
    assert by_name["alexnet, Digits"].deviation is None


def test_what_explains_a_deviation_is_said(by_name):
    assert by_name[CELLS].reasons == (
        "rebuilt data: rebuilt windows",
        "0.25 of the recipe's epochs",
        "500 of 7,000 training samples",
        "the recipe with train.batch_size=32",
        "4+2 epochs (train, prune)",
    )
    assert by_name["alexnet, Digits"].reasons == ("24+14+10+4 epochs (train, prune, retrain, cluster)",)


def test_another_width_and_removed_channels_are_said(tmp_path):
    document = documents.manifest()
    document["model"]["width"] = 0.5
    document["ratios"]["macs"] = 4.0
    (pair,) = pairs(find([documents.write(tmp_path, manifest=document)]))
    assert pair.reasons[:2] == ("channels removed: 25% of the arithmetic left", "width 0.5")


def test_a_bundle_has_the_device_figures_of_its_own_benchmark(by_name):
    device = by_name["alexnet, Digits"].device
    # The board's own comes before that of the machine that built it.
    assert device.where.startswith("Raspberry Pi 4 Model B Rev 1.4, model")
    assert device.drop == pytest.approx(100 * 1 / 359)


def test_an_emulated_machines_latency_is_no_devices(tmp_path):
    real = documents.REAL / "manifest.json"
    (tmp_path / "manifest.json").write_bytes(real.read_bytes())
    (pair,) = pairs(find([documents.write(tmp_path, emulated=documents.emulated())]))
    assert pair.device.latency is None
    assert pair.device.taken == "emulated"


def test_an_emulated_ratio_of_a_cell_is_left_out(tmp_path):
    document = documents.cell()
    document["outcome"]["latency"][0]["how"] = "emulated"
    (pair,) = pairs(find([documents.write(tmp_path, cell=document)]))
    assert pair.device is None


def test_cells_of_an_emulated_machine_are_a_pair_of_their_own(tmp_path):
    emulated = documents.cell(1)
    emulated["machine"]["emulated"] = True
    every = pairs(find([documents.write(tmp_path, here=documents.cell(0), emulated=emulated)]))
    assert sorted((pair.seeds, pair.taken) for pair in every) == [(1, "emulated"), (1, "measured")]


def test_the_headline_is_the_configuration_next_to_the_papers_ratio(tmp_path):
    weak, near, strong = documents.cell(sparsity=0.5), documents.cell(), documents.cell(sparsity=0.95)
    for document, kept in ((weak, 5000), (strong, 500)):
        document["outcome"]["weights_kept"] = kept
    every = pairs(find([documents.write(tmp_path, weak=weak, near=near, strong=strong)]))
    assert [pair.weights for pair in every] == [2, 10, 20]
    assert [pair.weights for pair in headline(every)] == [10]
    assert [pair.weights for pair in headline(every[::2])] == [20]


def test_of_one_ratio_the_headline_is_what_most_seeds_say_then_what_was_trained_longest(tmp_path):
    one = budget(documents.cell(correct=930), epochs_scale=1, epochs={"train": 40, "prune": 20})
    short = budget(documents.cell(correct=938), training_samples=100)
    (chosen,) = headline(pairs(find([documents.write(tmp_path, one=one, short=short)])))
    assert chosen.drops == pytest.approx((1.0,))  # not the one that lost least
    three = {f"seed{seed}": documents.cell(seed, correct=910) for seed in range(3)}
    (chosen,) = headline(pairs(find([documents.write(tmp_path, **three)])))
    assert (chosen.seeds, chosen.drop) == (3, pytest.approx(3.0))


def test_of_one_ratio_the_headline_has_a_control_and_its_drop_is_from_the_better_of_both(tmp_path):
    seeds = [documents.cell(seed, correct=935) for seed in range(3)]
    for document in seeds:
        document["outcome"]["accuracy"] |= {"control": None, "from_control": None}
    one = documents.cell(9, correct=920)
    one["outcome"]["accuracy"] |= {"control": {"correct": 950, "total": 1000}, "from_control": {"lost": 40, "won": 10}}
    written = {f"seed{number}": document for number, document in enumerate([*seeds, one])}
    every = pairs(find([documents.write(tmp_path, **written)]))
    assert sorted((pair.seeds, pair.controlled) for pair in every) == [(1, True), (3, False)]
    (chosen,) = headline(every)
    assert (chosen.dense, chosen.drop) == (pytest.approx(95.0), pytest.approx(3.0))
    (other,) = (pair for pair in every if not pair.controlled)
    assert any(reason.startswith("no control") for reason in other.reasons)


def test_of_a_grid_the_headline_is_its_base(tmp_path):
    cells = [{"method": "birch"}, {"bits": 5}, {"bits": 2}, {"distill": True}, {}]
    written = {f"c{i}": documents.cell(correct=939 - i, **changes) for i, changes in enumerate(cells)}
    (chosen,) = headline(pairs(find([documents.write(tmp_path, **written)])))
    assert (chosen.cell.method, chosen.cell.bits, chosen.cell.distill) == ("kmeans", 4, False)
    for document in ("c4", "c3", "c0"):
        (tmp_path / f"{document}.json").unlink()
    (chosen,) = headline(pairs(find([tmp_path])))
    assert chosen.cell.bits == 5  # as a study goes on from its base


@pytest.mark.parametrize("changes", [{"training_samples": 50}, {"recipe": "2" * 24}], ids=str)
def test_two_budgets_are_two_pairs_and_no_seeds_of_one(tmp_path, changes):
    cut = budget(documents.cell(2, correct=900), **changes)
    every = pairs(find([documents.write(tmp_path, a=documents.cell(1), cut=cut)]))
    assert sorted((pair.seeds, round(pair.drop, 1)) for pair in every) == [(1, 2.0), (1, 4.0)]
    assert len({pair.name for pair in every}) == 2  # a plot has a line for each
