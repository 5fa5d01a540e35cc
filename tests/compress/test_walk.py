import pytest

from edgecompress.compress import walk
from edgecompress.compress.drop import Drop


def judged(drops, width=0.2):
    """Answers with the drop of a rate, and keeps what was asked."""
    asked = []

    def attempt(rate: float) -> Drop:
        asked.append(rate)
        points = drops(rate)
        return Drop(points=points, low=points - width, high=points + width)

    return attempt, asked


def test_it_goes_down_until_it_hurts_and_once_between():
    attempt, asked = judged(lambda rate: 0.1 / rate)  # half a point at 0.2 bits
    tried, best = walk.walk(0.5, 0.5, attempt)
    assert tried == asked
    assert len(set(asked)) == len(asked)
    assert asked[:4] == [0.5, 0.375, 0.281, 0.211]
    assert 0.2 <= best <= 0.211
    assert 0.1 / min(asked) - 0.2 > 0.5
    assert best < asked[-1] or asked[-1] < 0.2


def test_it_goes_up_where_the_start_is_too_low():
    attempt, asked = judged(lambda rate: 1.0 / rate)
    _, best = walk.walk(0.5, 0.5, attempt)
    assert 2.0 <= best < 2.0 / walk.STEP
    assert min(asked) == 0.5, "what hurts already is not made smaller"


def test_chance_does_not_end_it():
    attempt, _ = judged(lambda rate: 0.7 if 0.2 < rate < 0.4 else 0.3 if rate > 0.1 else 3.0)
    _, best = walk.walk(0.5, 0.5, attempt)
    assert best < 0.2, "0.7 points with an interval that begins at 0.5 may be chance"


def test_nothing_holds():
    attempt, asked = judged(lambda rate: 9.0)
    _, best = walk.walk(0.5, 0.5, attempt)
    assert best is None
    assert max(asked) == pytest.approx(walk.MOST, rel=0.3)


def test_everything_holds():
    attempt, asked = judged(lambda rate: -1.0)
    _, best = walk.walk(0.0, 0.5, attempt)
    assert best == min(asked) == pytest.approx(walk.LEAST, rel=0.35)
