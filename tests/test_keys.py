from typing import Annotated, Literal

import pytest
from pydantic import Field

from edgecompress import keys
from edgecompress.record import Record


class Inner(Record):
    rate: float = Field(default=0.5, gt=0, le=1)
    names: list[str] = Field(default=[], min_length=2)


class Outer(Record):
    kind: Literal["a", "b", "c"]
    inner: Inner | None = None
    pair: tuple[float, float] = (0.0, 1.0)
    free: dict[str, Inner] = Field(default={})
    sizes: tuple[Annotated[int, Field(ge=1, le=8)], ...] = (1, 2)
    switch: Literal["auto"] | bool = "auto"
    count: int | None = Field(default=None, ge=0, lt=4)


def test_the_keys_of_tables_are_listed_by_their_full_names():
    names = ["kind", "inner.rate", "inner.names", "pair", "free.PATTERN.rate", "free.PATTERN.names", "sizes", "switch"]
    assert [name for name, _ in keys.leaves(Outer)] == [*names, "count"]


@pytest.mark.parametrize(
    ("name", "allowed", "default"),
    [
        ("kind", '"a", "b" or "c"', "needed"),
        ("inner.rate", "a number, above 0, at most 1", "0.5"),
        ("inner.names", "a list, each text; at least 2", "[]"),
        ("pair", "a list of 2, each a number", "[0, 1]"),
        ("sizes", "a list, each a whole number, 1 to 8", "[1, 2]"),
        ("switch", '"auto", or true or false', '"auto"'),
        ("count", "a whole number, at least 0, below 4", "none"),
    ],
)
def test_what_a_key_takes_and_has_where_nothing_is_said(name, allowed, default):
    field = dict(keys.leaves(Outer))[name]
    assert keys.allowed(field.annotation, field.metadata) == allowed
    assert keys.default(field) == default


def test_the_table_at_a_place():
    assert keys.table_at(Outer, []) is Outer
    assert keys.table_at(Outer, ["inner"]) is Inner
    assert keys.table_at(Outer, ["free", "any.name"]) is Inner
    assert keys.table_at(Outer, ["kind"]) is None
    assert keys.table_at(Outer, ["nowhere", "deep"]) is None
