from edgecompress.study.grid import Grid

GRID = Grid(
    models=("a", "b"),
    data=("x", "y"),
    sparsities=(0.9, 0.5),
    methods=("kmeans", "ward"),
    bits=(4, 3),
    distill=(False, True),
    seeds=(1, 2),
)


def varied(point):
    return point.sparsity, point.method, point.bits, point.distill, point.seed


def test_every_combination_is_there_once():
    points = GRID.points()
    assert len(points) == len(set(points)) == 2**7


def test_all_pairs_come_before_anything_is_varied_and_single_changes_before_double_ones():
    order = list(dict.fromkeys(map(varied, GRID.points())))
    assert order[:7] == [
        (0.9, "kmeans", 4, False, 1),
        (0.5, "kmeans", 4, False, 1),
        (0.9, "kmeans", 3, False, 1),
        (0.9, "ward", 4, False, 1),
        (0.9, "ward", 3, False, 1),
        (0.9, "kmeans", 4, True, 1),
        (0.9, "kmeans", 4, False, 2),
    ]
    first = GRID.points()[:4]
    assert [(point.model, point.data) for point in first] == [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]


def test_a_value_that_is_named_twice_is_taken_once():
    grid = Grid(("a", "a"), ("x",), (0.9, 0.9), ("kmeans",), (4, 4), (False,), (1,))
    assert len(grid.points()) == 1


def test_the_sample_has_every_pair_at_every_sparsity_and_every_other_value():
    points = GRID.sample()
    assert {(p.model, p.data, p.sparsity) for p in points} == {(p.model, p.data, p.sparsity) for p in GRID.points()}
    for name in ("method", "bits", "distill", "seed"):
        assert {getattr(p, name) for p in points} == {getattr(p, name) for p in GRID.points()}
    assert len(points) == 2 * 2 * 2 + 4
    assert [point for point in GRID.points() if point in points] == points
