"""Errors of a document in this program's words: pydantic finds them, and speaks to those who know pydantic."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from edgecompress import keys

_TYPE = re.compile(r"literal\[|(bool|int|float|str)$|function-|(tuple|list|dict)\[")
_WORDS = {
    "greater_than": "above {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "below {lt}",
    "less_than_equal": "at most {le}",
    "literal_error": "{expected}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "a whole number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    "string_type": "text",
    "finite_number": "a finite number",
    **dict.fromkeys(("list_type", "tuple_type"), "a list, as [1, 2]"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "a table of keys"),
}
_SHOULD = re.compile(r"^Input should be (a valid |an instance of )?")
_LONGEST = 60


def first_error(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """The first complaint as one line: ``prune.sparsity: must be at most 1 (given 1.5)``.

    ``model``: of which the document should be, to name the keys that it has.
    """
    details = error.errors(include_url=False)
    detail = details[0]
    if detail["type"] == "missing":  # perhaps because it is there, misspelt
        detail = next((each for each in details if each["type"] == "extra_forbidden"), detail)
    name = place(detail["loc"])
    if detail["type"] == "extra_forbidden":
        return _unknown(detail["loc"], name, model)
    if detail["type"] == "missing":
        return f"{name}: is missing, and must be there"
    # A field of several types has a complaint of each.
    message = message_of([each for each in details if place(each["loc"]) == name])
    if not detail["loc"] and isinstance(detail["input"], Mapping):
        return message  # of several fields together, which the message names
    return f"{name}: {message} (given {_given(detail['input'])})"


def message_of(details: Sequence[Mapping[str, Any]]) -> str:
    """The allowed values in words, from all complaints about a value; or the complaint, where it has its own words."""
    musts, whole = [], []
    for detail in details:
        words = _WORDS.get(detail["type"])
        if words is not None:
            limits = {name: keys.number(value) for name, value in detail.get("ctx", {}).items()}
            musts.append(words.format(**limits))
        elif _SHOULD.match(detail["msg"]):
            musts.append(_SHOULD.sub("", detail["msg"]))
        elif detail["type"] == "value_error":
            whole.append(str(detail["ctx"]["error"]))
        elif detail["type"] == "json_invalid":
            whole.append(f"is not JSON: {detail['ctx']['error']}")
        else:
            whole.append(detail["msg"])
    must = [f"must be {', or '.join(dict.fromkeys(musts))}{_nearest(details)}"] if musts else []
    return ", or: ".join(dict.fromkeys([*must, *whole]))


def place(loc: Sequence[int | str]) -> str:
    """A field's name in full, without the type that pydantic adds where a field has several."""
    return ".".join(str(part) for part in loc if not _TYPE.match(str(part))) or "document"


def _nearest(details: Sequence[Mapping[str, Any]]) -> str:
    """The choice that is spelt most like what was given."""
    choices = [word for each in details for word in re.findall("'([^']*)'", each.get("ctx", {}).get("expected", ""))]
    given = details[0]["input"]
    close = get_close_matches(given, choices, n=1) if isinstance(given, str) else []
    return f"; did you mean '{close[0]}'?" if close else ""


def _unknown(loc: Sequence[int | str], name: str, model: type[BaseModel] | None) -> str:
    """The line for a key that there is not: the one that is spelt most like it, or all that its table has."""
    inside = keys.table_at(model, loc[:-1]) if model is not None else None
    if model is None or inside is None:
        return f"unknown key '{name}'; remove it or correct its spelling"
    last = str(loc[-1])
    elsewhere = {key.rpartition(".")[2]: key for key, _ in reversed(list(keys.leaves(model))) if keys.ANY not in key}
    beside = {key: f"{name.removesuffix(last)}{key}" for key in inside.model_fields}
    close = [beside[key] for key in get_close_matches(last, beside, n=1)]
    close += [elsewhere[key] for key in get_close_matches(last, elsewhere, n=1, cutoff=0.8)]
    if close:
        return f"unknown key '{name}'; did you mean '{close[0]}'?"
    return f"unknown key '{name}'; remove it, or take one that is there: {', '.join(inside.model_fields)}"


def _given(value: Any) -> str:
    try:
        text = repr(value)
    except RecursionError:
        return "a value nested too deeply to be shown"
    except ValueError:  # Python writes out no integer of more than 4,300 digits, and TOML has such in base 16
        return "an integer too long to be shown"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
