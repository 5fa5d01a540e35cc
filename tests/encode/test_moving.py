import numpy as np
import pytest

from edgecompress.encode.moving import Moving


def scattered(seed, count):
    """Points on a line: a part costs what lies between its points, and something once."""
    points = np.random.default_rng(seed).integers(0, 300, count)

    def weigh(part):
        chosen = [point for number, point in enumerate(points) if part >> number & 1]
        return int(30 + max(chosen) - min(chosen))

    return weigh


def partitions(things):
    if not things:
        yield []
        return
    first, *rest = things
    for parts in partitions(rest):
        yield [first, *parts]
        for number in range(len(parts)):
            yield [*parts[:number], parts[number] | first, *parts[number + 1 :]]


@pytest.mark.parametrize("seed", range(5))
def test_the_best_of_all_partitions_is_found(seed):
    moving = Moving(scattered(seed, 7))
    best = moving.best([1 << number for number in range(7)])
    assert moving.total(best) == min(map(moving.total, partitions([1 << number for number in range(7)])))
    assert sum(best) == 2**7 - 1


@pytest.mark.parametrize("seed", range(5))
def test_from_things_alone_it_ends_near_the_best_and_from_anywhere_it_gets_no_worse(seed):
    moving = Moving(scattered(seed, 10))
    alone, together = [1 << number for number in range(10)], [2**10 - 1]
    found = moving.improved(alone)
    assert sum(found) == 2**10 - 1
    assert moving.total(found) <= 1.1 * min(map(moving.total, partitions(alone)))
    assert moving.total(moving.improved(together)) <= moving.total(together)


def test_what_cannot_be_a_part_is_none():
    moving = Moving(lambda part: None if part.bit_count() > 2 else 10)
    alone = [1, 2, 4, 8, 16]
    for found in (moving.best(alone), moving.improved(alone)):
        assert sorted(part.bit_count() for part in found) == [1, 2, 2]


def test_a_set_is_weighed_once():
    asked = []
    weigh = scattered(0, 9)
    moving = Moving(lambda part: asked.append(part) or weigh(part))
    moving.improved([1 << number for number in range(9)])
    assert len(asked) == len(set(asked))
