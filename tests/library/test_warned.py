import pytest

from edgecompress.library.warned import warned


def test_a_warning_goes_to_the_caller_s_function_or_to_python_s_warnings():
    told = []
    warned(told.append)("heed this")
    assert told == ["heed this"]
    with pytest.warns(UserWarning, match="heed that"):
        warned(None)("heed that")
