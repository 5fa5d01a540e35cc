import pytest

from edgecompress.equivalence.attempts import LARGEST, GraphInput, attempts, hint
from edgecompress.errors import InputError

IMAGE = GraphInput("image", (None, None, None, 3), {0: "batch"}, whole=False)
TOKENS = GraphInput("tokens", (None, 16), {0: "batch"}, whole=True)


def test_free_sizes_are_guessed_and_equal_names_are_equal_sizes():
    made = attempts([IMAGE, TOKENS])
    assert made[0].shapes == {"image": (1, 8, 8, 3), "tokens": (1, 16)}
    assert {each.shapes["image"][1:3] for each in made} >= {(224, 224), (1, 1), (299, 299)}
    assert all(each.shapes["image"][0] == each.shapes["tokens"][0] for each in made)
    assert {(each.low, each.high) for each in made} >= {(0, 2), (1, 2), (0, 1), (8, 9)}
    assert made[-1].positive


def test_what_is_given_and_what_weights_ask_for_come_before_a_guess():
    made = attempts([IMAGE], {"image": (2, 37, 41, 3)})
    assert {each.shapes["image"] for each in made} == {(2, 37, 41, 3)}
    assert attempts([IMAGE], wanted={("image", 2): 29})[0].shapes["image"] == (1, 8, 29, 3)


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ({"picture": (1,)}, "no input 'picture'; it has 'image'"),
        ({"image": (1, 8, 8)}, r"has shape batch,\?,\?,3, which \(1, 8, 8\) does not fit"),
        ({"image": (1, 8, 8, 4)}, "does not fit"),
    ],
)
def test_shapes_that_do_not_fit(shapes, said):
    with pytest.raises(InputError, match=said):
        attempts([IMAGE], shapes)


def test_nothing_is_tried_that_fills_memory_and_only_free_sizes_ask_for_a_shape():
    huge = GraphInput("x", (None, LARGEST // 8), {}, whole=False)
    assert all(each.shapes["x"][0] <= 8 for each in attempts([huge]))
    assert "--shape" in hint([IMAGE], None)
    assert not hint([IMAGE], {"image": (1, 8, 8, 3)}) and not hint([GraphInput("x", (1, 2), {}, whole=False)], None)
