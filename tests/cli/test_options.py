import pytest

from edgecompress.cli.options import values
from edgecompress.errors import InputError


def test_values_are_separated_by_commas_with_or_without_spaces():
    assert values("0.9, 0.5,", float) == (0.9, 0.5)
    assert values("rpi4,jetson", str) == ("rpi4", "jetson")


def test_what_is_no_value_is_named():
    with pytest.raises(InputError, match=r"'0\.9;0\.5' is no list"):
        values("0.9;0.5", float)
