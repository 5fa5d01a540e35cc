"""Lines that an agent wrote, as events that are in order."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from edgecompress.answers._schema import ANSWERS, Error, Part, Progress
from edgecompress.errors import RuntimeFailedError
from edgecompress.plain import one_line
from edgecompress.wording import message_of

Event = dict[str, Any]

LONGEST_LINE = 16 << 20  # bytes; the longest that an agent writes, 16,384 times and a large graph's nodes, has 4 MiB
_ERROR = 2000  # characters


class WrongAnswerError(RuntimeFailedError):
    """An answer that no agent of ours gives, or a false one. No other step will do better."""


_NAMES = {"install": "installed", "unpack": "unpacked"}  # of the events of a step, where they are not the step's


def parse(line: str) -> Event | None:
    """The event in a line; ``None``: it is none, as where something else prints there, or a crash cut it short.

    Raises:
        WrongAnswerError: it is longer than any, or has no text where an event has its name.
    """
    if len(line) > LONGEST_LINE:
        raise WrongAnswerError(f"what answers there says a line of more than {LONGEST_LINE >> 20} MiB")
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        raise WrongAnswerError("what answers there says an event without a name: is it the agent?")
    return event


def progress(event: Event) -> Event:
    """The values of a ``progress`` event, with 0 for each that it leaves out.

    Raises:
        WrongAnswerError: it has something else than numbers there.
    """
    return {**_checked(Progress, event, "progress").model_dump(), "event": "progress"}


def message(event: Event) -> str:
    """The line of an ``error`` event."""
    return one_line(str(_checked(Error, event, "error").model_dump()["message"]))[:_ERROR] or "it does not say why"


def answer(step: str, job: Event, events: Sequence[Event]) -> list[Event]:
    """The events of a step that ended well: all that it must have, for each file that it was asked for.

    Args:
        step: One of the agent's.
        job: What it was asked.
        events: Without those of progress.

    Raises:
        WrongAnswerError: something is missing, of the wrong kind, or cannot be; one line says what.
    """
    name = _NAMES.get(step, step)
    if [event.get("event") for event in events] != [name] * len(events) or not events:
        raise WrongAnswerError(f"what answers there says no '{name}' where it was asked for one")
    found = [{"event": name, **_checked(ANSWERS[name], event, step).model_dump()} for event in events]
    asked = [each["file"] for each in job["files"]] if "files" in job else [job.get("file")]
    if "file" in found[0]:
        names = [one_line(str(each).rsplit("/", 1)[-1]) for each in asked]
        if sorted(names) != sorted(str(event["file"]) for event in found):
            raise WrongAnswerError(f"what answers there says a '{name}' of other files than it was asked for")
    elif len(found) != 1:
        raise WrongAnswerError(f"what answers there says {len(found)} times '{name}'")
    for event in found:
        _check_sums(event)
    return found


def _check_sums(event: Event) -> None:
    """Check what no schema can say: fields that must agree with each other."""
    if event["event"] == "accuracy" and event["correct"] > event["total"]:
        raise WrongAnswerError(f"what answers there says {event['correct']} of {event['total']} are correct")
    if event["event"] == "latency" and event["runs"] < len(event["samples_ns"]):
        raise WrongAnswerError("what answers there says more times than runs")


def _checked(kind: type[Part], event: Event, step: str) -> Part:
    try:
        return kind.model_validate(_printable(event))
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        place = one_line(".".join(str(part) for part in detail["loc"]))[:100]
        given = one_line(repr(detail["input"])[:60])
        raise WrongAnswerError(
            f"what answers there is not to be trusted: '{place}' of its {step}: {message_of([detail])} (it is {given})"
        ) from error


def _printable(value: Any) -> Any:
    """The value with all text in it as one line that can be printed."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, list):
        return [_printable(each) if isinstance(each, str | list | dict) else each for each in value]
    if isinstance(value, dict):
        return {one_line(name): _printable(each) for name, each in value.items()}
    return value
