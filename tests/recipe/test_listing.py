import pytest

from edgecompress.errors import InputError
from edgecompress.recipe.listing import listing


def test_every_key_has_a_meaning_a_default_and_values():
    for key in listing():
        assert key.meaning, key.name
        assert key.default, key.name
        assert key.allowed not in ("", "a value"), key.name


def test_a_part_of_a_name_or_a_pattern_chooses():
    (bits,) = listing("cluster.bits")
    assert (bits.default, bits.allowed) == ("needed", "a whole number, 1 to 8")
    names = ["prune.sparsity", "search.sparsities", "layers.PATTERN.sparsity"]
    assert [key.name for key in listing("sparsit")] == names
    assert {key.name for key in listing("*.bits")} == {"cluster.bits", "search.bits", "layers.PATTERN.bits"}


@pytest.mark.parametrize(("given", "meant"), [("clster", "cluster"), ("prune.sparsty", "prune.sparsity")])
def test_what_is_in_no_name_is_corrected(given, meant):
    with pytest.raises(InputError, match=f"did you mean '{meant}'"):
        listing(given)
    with pytest.raises(InputError, match="the tables are: schema_version, seed, width, train, structure"):
        listing("qqq")
