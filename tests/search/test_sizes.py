import pytest

from edgecompress.errors import InputError
from edgecompress.search.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("300kB", 300_000), ("300 kb", 300_000), ("1.2MB", 1_200_000), ("300000", 300_000), ("300KiB", 307_200),
        ("0.5MiB", 524_288), ("12B", 12), ("1gb", 10**9), ("1.001kB", 1001),
    ],
)  # fmt: skip
def test_sizes_as_people_write_them(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "kB", "300 kilo", "-3kB", "1e3", "3,5MB", "nan", "0", "0.0001kB"])
def test_what_is_no_size_is_said_with_an_example(text):
    with pytest.raises(InputError, match="write it as 300kB"):
        parse_size(text)
