from edgecompress.search.limits import Limits
from edgecompress.search.records import Candidate, Trial


def test_both_limits_hold_or_it_does_not():
    limits = Limits(0.5, 1000, 10)
    assert limits.hold(1000, 0.5)
    assert limits.hold(1000, 100 * (0.9 - 0.895))  # 0.5000000000000004
    assert not limits.hold(1001, 0.0)
    assert not limits.hold(10, 0.51)
    assert Limits(0.5, None, 10).hold(10**12, -3.0)


def test_a_metric_of_one_s_own_has_no_slack():
    """Points are rounded in the last place; an error may be smaller than that as a whole."""
    assert Limits(0.0, None, 1).hold(1, 1e-7)
    assert not Limits(0.0, None, 1, "mae").hold(1, 1e-7)


def test_a_trial_may_lose_what_the_full_stages_will_make_good():
    limits = Limits(0.5, None, 10)
    own = Candidate(trial=None, bytes=1, accuracy=90, drop=0.4, holds=True)

    def first(drop):
        return [Trial(number=0, origin="start", parameters={}, layers={}, bytes=1, drop=drop)]

    assert limits.drop_of_trials(first(2.4), own) == 2.5
    assert limits.drop_of_trials(first(0.1), own) == 0.5
    assert limits.drop_of_trials(first(None), own) == limits.drop_of_trials([], own) == 0.5
