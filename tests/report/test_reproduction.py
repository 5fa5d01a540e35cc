import csv
import io

import pytest

from edgecompress.report.reproduction import cells_csv, reproduction

from ..study.conftest import make_cell, make_record
from .accuracies import with_accuracy


def record(drop=1, controlled=True, **changes):
    """A cell of 200 test samples that loses ``drop`` of them; its control, where there is one, is as its baseline."""
    return with_accuracy(
        make_record(make_cell(**changes)),
        baseline=180,
        control=180 if controlled else None,
        pruned=180,
        clustered=180 - drop,
        from_control=(max(drop, 0) + 3, max(-drop, 0) + 3) if controlled else None,
    )


def lines(text, start):
    return [line for line in text.splitlines() if line.startswith(start)]


def test_seeds_are_one_row_with_their_range():
    text = reproduction([record(drop=2, seed=2), record(drop=4), record(drop=0, seed=3)])
    (row,) = lines(text.split("## Each network")[1].split("## Beside")[0], "| alexnet")
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    drop = cells.pop(6)
    assert cells == [
        "alexnet, UCI-HAR", "4", "3", "90.00 (90.00 to 90.00)", "90.00 (90.00 to 90.00)", "89.00 (88.00 to 90.00)",
        "+1.00", "10.0x", "13.3x", "8.2x", "15.4x", "4+2+1+1",
    ]  # fmt: skip
    assert drop.startswith("+1.00 (-")  # tests/report/test_seeds.py has the interval


def test_a_row_without_a_control_has_no_drop_but_one_from_its_baseline_and_one_with_it_leads():
    text = reproduction([record(drop=4, controlled=False, seed=1), record(drop=4, controlled=False, seed=2)])
    (row,) = lines(text.split("## Each network")[1].split("## Beside")[0], "| alexnet")
    assert [cell.strip() for cell in row.split("|")[5:9]] == ["-", "88.00 (88.00 to 88.00)", "-", "+2.00"]
    assert "no control" in lines(text.split("## Beside Deep")[1], "| alexnet")[0]
    assert [cell.strip() for cell in lines(text, "| temporal")[0].split("|")[2:7]] == [
        "0", "-", "-", "1", "+2.00 points",
    ]  # fmt: skip
    both = reproduction(
        [record(drop=4, controlled=False, seed=1), record(drop=4, controlled=False, seed=2), record(drop=1)]
    )
    assert [cell.strip() for cell in lines(both, "| temporal")[0].split("|")[2:5]] == [
        "1",
        "+0.50 points",
        "+0.50 points",
    ]


def test_averages_are_over_networks_and_data_sets_beside_the_papers():
    images = [record(drop=1, data="cifar-10"), record(drop=0, data="fashion-mnist", model="vgg16bn")]
    images += [record(drop=3, data="fashion-mnist", model="vgg16bn", seed=2)]
    text = reproduction([*images, record(drop=-2, model="resnet18")])
    (spatial,), (temporal,) = lines(text, "| spatial"), lines(text, "| temporal")
    # 0.5 points on the one and 0.75, the mean of two seeds, on the other.
    assert [cell.strip() for cell in spatial.split("|")[2:4]] == ["2", "+0.62 points"]
    assert "< 0.5 %" in spatial
    assert [cell.strip() for cell in temporal.split("|")[2:4]] == ["1", "-1.00 points"]
    assert "about 5.0 %" in temporal


def test_an_average_that_hides_losses_behind_gains_says_so():
    lost = [record(drop=1, data="cifar-10"), record(drop=3, data="cifar-10", model="resnet18")]
    assert "gained" not in reproduction(lost)
    text = reproduction([*lost, record(drop=-8, data="cifar-10", model="vgg16bn")])
    assert "| 3 | -0.67 points |" in text
    assert "1 of 3 on spatial data (Fashion-MNIST, CIFAR-10) gained; the others lost 1.00 points on average." in text
    assert "gained" not in reproduction([record(drop=-8)])  # there is nothing else to tell


def test_what_is_missing_is_named_and_what_is_off_the_base_is_in_no_average():
    others = [record(drop=40, sparsity=0.5), record(drop=40, method="ward"), record(drop=40, distill=True)]
    text = reproduction([record(drop=2), *others, record(drop=40, width=0.5)])
    assert "+1.00 points" in lines(text, "| temporal")[0]
    (missing,) = lines(text, "Not computed")
    assert missing.count(" on ") == 11
    assert "alexnet on uci-har" not in missing
    table = cells_csv([record(drop=2), *others, record(drop=40, width=0.5)])
    assert len([line for line in table.splitlines() if line.startswith("alexnet,uci-har,")]) == 5


def test_data_that_are_not_official_and_cut_budgets_are_told():
    made = record(model="vgg19bn")
    data = made.outcome.data.model_copy(update={"official": False, "note": "rebuilt from pictures"})
    budget = made.outcome.budget.model_copy(
        update={"training_samples": 100, "epochs_scale": 0.5, "changes": ("a.b=1", "c=2")}
    )
    cut = made.model_copy(update={"outcome": made.outcome.model_copy(update={"data": data, "budget": budget})})
    text = reproduction([cut])
    assert "- UCI-HAR: rebuilt from pictures." in text
    assert "- vgg19bn on uci-har: trained on 100 of 600 samples." in text
    assert "- vgg19bn on uci-har: 0.5 of the recipe's epochs." in text
    assert "- vgg19bn on uci-har: the recipe with a.b=1, c=2." in text


def test_another_budget_is_another_row_and_in_no_average():
    def cut(made):
        budget = made.outcome.budget.model_copy(update={"training_samples": 100})
        return made.model_copy(update={"outcome": made.outcome.model_copy(update={"budget": budget})})

    records = [record(drop=2), record(drop=4, seed=2), cut(record(drop=20, seed=3))]
    assert "| 1 | +1.50 points |" in reproduction(records)
    own, other = csv.DictReader(io.StringIO(cells_csv(records)))
    assert (own["seeds"], own["drop_points"], own["training_samples"]) == ("2", "1.500", "600")
    assert (other["seeds"], other["drop_points"], other["training_samples"]) == ("1", "10.000", "100")
    assert "| 1 | +1.00 points |" in reproduction([record(drop=0, bits=5), record(drop=2, bits=4)])
    # Of one seed each, the one that was trained longest stands for the network.
    assert "| 1 | +1.00 points |" in reproduction([cut(record(drop=0)), record(drop=2)])


def test_failed_cells_are_no_figures():
    failed = make_record(make_cell(), state="failed", error="no", outcome=None)
    assert "no records" in reproduction([failed])
    assert "no records" in reproduction([])


@pytest.mark.parametrize("figure", ["27x", "35x", "31x", "49x"])
def test_deep_compression_s_own_figures_stand_beside(figure):
    text = reproduction([record(), record(model="vgg16bn")])
    assert figure in text.split("## Beside Deep Compression")[1]
