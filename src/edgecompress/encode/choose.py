"""Choosing the encoding of a tensor: the fewest computed bytes among all encodings that hold it exactly."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from edgecompress import methods
from edgecompress.encode.contract import Encoded, Encoding, NotApplied, Plan
from edgecompress.encode.weights import Floats, Weights
from edgecompress.errors import InputError

ENCODINGS = "edgecompress.encode.encodings"


@dataclass(frozen=True)
class Choice:
    """The encoding chosen for a tensor, and for every other one why it was not."""

    encoded: Encoded
    rejected: dict[str, str]


def encoding(name: str) -> Encoding:
    """The encoding called ``name``.

    Raises:
        InputError: there is none of this name; the line lists them.
    """
    known = methods.choices(ENCODINGS)
    if name not in known:
        raise InputError(methods.unknown("encoding", name, known))
    return cast(Encoding, importlib.import_module(f"{ENCODINGS}.{name.replace('-', '_')}"))


def choose(array: Floats, overhead: Callable[[Plan], int]) -> Choice:
    """The smallest encoding of ``array`` (float32, any shape), counting ``overhead(plan)`` bytes on top of each plan's.

    The overhead is what the file format spends on decoding: only it knows. Among equals, raw wins.
    """
    weights = Weights(array)
    best: Plan | None = None
    cost = 0
    rejected: dict[str, str] = {}
    for name in sorted(methods.choices(ENCODINGS), key=lambda name: (name != "raw", name)):
        plans = encoding(name).plans(weights)
        if isinstance(plans, NotApplied):
            rejected[name] = plans.reason
            continue
        for plan in sorted(plans, key=lambda plan: plan.size):
            # Overheads are never negative: once the data alone costs as much, no larger plan can win.
            if best and plan.size >= cost:
                break
            total = plan.size + overhead(plan)
            if best is None or total < cost:
                best, cost = plan, total
    assert best is not None, "raw always applies"
    larger = {name: "it takes more bytes" for name in methods.choices(ENCODINGS) if name != best.encoding}
    return Choice(encoding(best.encoding).encode(weights, best), larger | rejected)


def decode(encoded: Encoded) -> Floats:
    """The array behind ``encoded``, whichever encoding it is in."""
    return encoding(encoded.encoding).decode(encoded)
