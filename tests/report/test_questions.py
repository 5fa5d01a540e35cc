import pytest

from edgecompress.report.questions import answers
from edgecompress.report.reproduction import headline, rows_of

from ..study.conftest import make_cell, make_record
from .accuracies import with_accuracy


def cell(drop=2, pruned=1, control=186, **changes):
    """A cell whose baseline has 180 of 200 right, its end ``drop`` fewer than the better of baseline and control."""
    dense = 180 if control is None else max(180, control)
    lost = None if control is None else (control - dense + drop + 4, 4)
    return with_accuracy(
        make_record(make_cell(**changes)),
        baseline=180,
        control=control,
        pruned=dense - pruned,
        clustered=dense - drop,
        from_control=lost,
    )


def asked(*records):
    rows = rows_of(records)
    return answers(headline(rows), rows)


def test_images_are_judged_by_their_control_and_the_rest_is_called_further_training():
    images, sensors, *_ = asked(
        cell(data="cifar-10"), cell(drop=20, pruned=8, data="fashion-mnist"), cell(control=None)
    )
    assert images.picture == "paper-images"
    assert "cost +2.25 (+0.50 to +4.00) points of the better of baseline and control" in images.text
    assert "Against the baseline alone it would be -0.75 (-2.50 to +1.00)" in images.text
    # 24 lost and 4 won of 200 are beyond 0.5 points; 6 and 4 are not known to be on either side.
    assert (
        "0 of 2 stay within the paper's 0.5 points with their whole interval, 1 lie beyond it, and 1 may be"
        in images.text
    )
    assert (sensors.picture, "has a control yet" in sensors.text) == ("", True)


def test_sensor_data_stand_beside_images_and_the_paper():
    (_, sensors, *_) = asked(cell(), cell(drop=4, data="cifar-10"))
    assert sensors.picture == "paper-kinds"
    assert "costs +1.00 points, on images +2.00: 1.00 less" in sensors.text
    assert "1 of 1 stay within its 5 points" in sensors.text


def test_clustering_is_what_it_costs_after_pruning_by_bits_and_zeros():
    varied = [
        cell(pruned=0, drop=drop, sparsity=sparsity, bits=bits)
        for (sparsity, bits), drop in {(0.5, 2): 1, (0.5, 4): 0, (0.9, 2): 6, (0.9, 4): 2}.items()
    ]
    quantisation = asked(*varied)[2]
    assert "to 2 bits costs +0.50 points at 50 % zeros and +3.00 points at 90 % zeros" in quantisation.text
    assert "between +0.00 and +1.00, at every rate" in quantisation.text
    assert "alexnet on uci-har +1.00" in quantisation.text
    assert asked(cell())[2].picture == ""


def methods(offsets):
    """Three methods over four seeds; the seeds differ by more than the methods do."""
    return [
        cell(drop=10 * seed + offset(seed), seed=seed, method=method)
        for method, offset in offsets.items()
        for seed in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize(
    ("offsets", "verdict"),
    [
        ({"kmeans": lambda _: 0, "ward": lambda _: 3, "birch": lambda _: 6}, ": beyond chance."),
        (
            {"kmeans": lambda s: s % 2, "ward": lambda s: 1 - s % 2, "birch": lambda s: (s // 2) % 2},
            "not beyond chance.",
        ),
    ],
    ids=["in the same order for each seed", "in another order for each seed"],
)
def test_methods_differ_beyond_chance_only_where_shuffling_them_within_seeds_seldom_makes_as_much(offsets, verdict):
    text = asked(*methods(offsets))[3].text
    assert verdict in text
    assert "3 methods lie between" in text


def test_one_seed_says_nothing_of_chance_and_two_methods_answer_nothing():
    one = [cell(method=method) for method in ("kmeans", "ward", "birch")]
    assert "One seed does not say whether that is chance." in asked(*one)[3].text
    assert asked(*one[:2])[3].picture == ""
