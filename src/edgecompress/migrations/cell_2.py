"""Version 3 of a cell's record has a control, samples that differ, a digest of its budget, and all stages' seconds."""

from typing import Any


def cell_2(document: dict[str, Any]) -> dict[str, Any]:
    """``document`` without a control; the seconds of stages from the cache were not recorded."""
    outcome = document.get("outcome")
    if outcome is None:
        return {**document, "schema_version": 3}
    seconds = outcome["seconds"]
    cached = [stage for stage, each in seconds.items() if each is None]
    accuracy = {**outcome["accuracy"], "control": None, "from_baseline": None, "from_control": None}
    budget = {**outcome["budget"], "recipe": None}
    return {
        **document,
        "schema_version": 3,
        "outcome": {**outcome, "accuracy": accuracy, "budget": budget, "cached": cached},
    }
