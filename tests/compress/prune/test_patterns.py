import pytest

from edgecompress.compress.prune.patterns import UNSTRUCTURED, Blocks, NOfM, check, parse
from edgecompress.errors import InputError


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("unstructured", UNSTRUCTURED),
        ("4x1", Blocks(4, 1)),
        ("1x16", Blocks(1, 16)),
        ("2:4", NOfM(2, 4)),
        ("1:1", NOfM(1, 1)),
    ],
)
def test_a_pattern_is_read_and_written_alike(text, pattern):
    assert parse(text) == pattern
    assert str(pattern) == text


@pytest.mark.parametrize("text", ["", "2-4", "4:2", "0:4", "x", "4x", "0x1", "4x0", "-1:2", "2:4 ", "dense", "4x1x1"])
def test_what_is_no_pattern_is_said_with_examples(text):
    with pytest.raises(InputError, match="write unstructured, N:M as 2:4, or OUTxIN blocks as 4x1"):
        parse(text)


def test_the_sparsity_of_n_of_m():
    assert parse("2:4").sparsity == 0.5
    assert parse("1:1").sparsity == 0.0


@pytest.mark.parametrize(
    ("shape", "text"),
    [((64, 3, 3, 3), "2:4"), ((6, 8, 3), "4x1"), ((8, 6), "1x4"), ((1, 1), "2:4")],
)
def test_a_layer_that_the_pattern_does_not_divide_is_named_with_what_to_do(shape, text):
    with pytest.raises(InputError, match=r"layer 'stem' .* set layers\.'stem'\.pattern = \"unstructured\"") as caught:
        check("stem", shape, parse(text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("shape", "text"), [((6, 8, 3, 3), "2:4"), ((8, 3), "4x1"), ((5, 7), "unstructured")])
def test_whole_groups_pass(shape, text):
    check("layer", shape, parse(text))
