from edgecompress.search.limits import Limits
from edgecompress.search.records import Candidate, Trial
from edgecompress.search.trials import best, run_trials  # noqa: F401 - run by test_run

OWN = Candidate(trial=None, bytes=100, accuracy=90, drop=0.0, holds=True)


def test_the_note_names_the_smallest_within_the_limits():
    trials = [
        Trial(number=n, origin="start", parameters={}, layers={}, bytes=size, drop=drop)
        for n, (size, drop) in enumerate([(3000, 0.0), (2000, 0.4), (1000, 0.9), (500, None)])
    ]
    assert best(trials, OWN, Limits(0.5, None, 9)) == "smallest so far 2,000 bytes with a drop of 0.40 points"
    assert "1,000" in best(trials, OWN, Limits(1.0, None, 9))
    assert best(trials, OWN, Limits(0.5, 900, 9)) == best([], OWN, Limits(0.5, 1, 9)) == "none within the limits yet"
