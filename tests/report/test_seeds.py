import statistics

import numpy as np
import pytest
from scipy import stats

from edgecompress.report.seeds import SeedsRow, seeds_rows

from ..study.conftest import make_cell, make_record
from .accuracies import with_accuracy


def row(*seeds):
    """A row of seeds, each (correct by the control, correct at the end, samples lost, samples won)."""
    return SeedsRow(
        tuple(
            with_accuracy(
                make_record(make_cell(seed=number)),
                baseline=100,
                control=control,
                clustered=clustered,
                from_control=(lost, won),
            )
            for number, (control, clustered, lost, won) in enumerate(seeds, start=1)
        )
    )


def test_the_interval_of_one_seed_is_that_of_its_samples():
    drop = row((180, 176, 10, 6)).drop
    # McNemar's comparison: 200 paired differences, of which 10 are 1 and 6 are -1.
    differences = np.array([1] * 10 + [-1] * 6 + [0] * 184)
    half = 100 * 1.96 * differences.std() / 200**0.5
    assert drop == pytest.approx((2.0, 2.0 - half, 2.0 + half))
    assert str(drop) == f"+2.00 ({2 - half:+.2f} to {2 + half:+.2f})"


def test_several_seeds_add_their_own_by_students_distribution_and_share_the_samples():
    found = row((180, 176, 10, 6), (180, 180, 8, 8), (182, 174, 12, 4))
    drops = [2.0, 0.0, 4.0]
    assert found.drop.mean == statistics.fmean(drops)
    of_seeds = stats.t.ppf(0.975, 2) * stats.sem(drops)
    of_samples = 1.96 * np.sqrt(np.mean([each.accuracy.drop_error**2 for each in found.outcomes]))
    assert found.drop.high - found.drop.mean == pytest.approx(np.hypot(of_seeds, of_samples), rel=1e-3)


def test_without_recorded_samples_there_is_no_interval_and_without_a_control_none_is_claimed():
    with_it, without = row((180, 176, 10, 6)), make_record(make_cell(seed=2))
    none = with_accuracy(without, baseline=100, control=None, clustered=90, from_control=None)
    both = SeedsRow((*with_it.records, none))
    assert with_it.controlled
    assert not both.controlled
    assert both.drop is None


def test_what_differs_in_more_than_the_seed_is_another_row():
    record = make_record(make_cell())
    bare = with_accuracy(record, baseline=100, control=None, clustered=90, from_control=None)
    failed = make_record(make_cell(seed=3), state="failed", error="no", outcome=None)
    rows = seeds_rows([make_record(make_cell(seed=2)), record, failed, bare, make_record(make_cell(bits=3))])
    assert [[each.cell.seed for each in row.records] for row in rows] == [[1, 2], [1], [1]]
