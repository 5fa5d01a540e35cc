import pytest

from edgecompress.testing.expect import expect, refuses


def fail():
    raise ValueError("so")


def test_what_does_not_hold_is_said():
    expect(1, "not said")
    with pytest.raises(AssertionError, match="said"):
        expect(0, "said")
    refuses(ValueError, "so", fail, "it")
    with pytest.raises(AssertionError, match="it says 'so', where 'no' is expected"):
        refuses(ValueError, "no", fail, "it")
    with pytest.raises(AssertionError, match="it raises no ValueError"):
        refuses(ValueError, "", lambda: None, "it")
    with pytest.raises(ValueError, match="so"):
        refuses(KeyError, "", fail, "it")
