import itertools

from edgecompress.report.pareto import best


def test_the_front_is_what_no_other_beats_in_all_three():
    costs = [
        (100, -90.0, 5.0),
        (50, -90.0, 6.0),  # smaller, slower
        (100, -89.0, 5.0),  # beaten by the first
        (60, -90.0, 6.0),  # beaten by the second
        (200, -95.0, 9.0),
        (50, -90.0, 6.0),  # the second's equal
    ]
    assert best(costs) == [True, True, False, False, True, True]


def test_it_is_what_comparing_all_with_all_finds():
    costs = [cost for cost in itertools.product((0.0, 1.0, 2.0, 3.0), repeat=3) if sum(cost) % 3 != 1 and sum(cost) > 3]

    def beaten(cost):
        return any(other != cost and all(a <= b for a, b in zip(other, cost, strict=True)) for other in costs)

    expected = [not beaten(cost) for cost in costs]
    assert 1 < sum(expected) < len(costs)
    assert best(costs) == expected
