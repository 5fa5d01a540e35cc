"""Messages of errors in a command's options, of which typer words some as pydantic does."""

import re

from typer.exceptions import TyperException

_CHOICE = " is not one of "


def message(error: TyperException) -> str:
    """The error as one line, with the command whose help says more."""
    path = getattr(getattr(error, "ctx", None), "command_path", "edgecompress")
    return f"{_reason(error)} (see '{path} --help')"


def _reason(error: TyperException) -> str:
    complaints, parameter = getattr(error.__cause__, "errors", None), getattr(error, "param", None)
    if parameter is None or complaints is None:
        return error.format_message() if hasattr(error, "format_message") else str(error)
    from edgecompress import methods
    from edgecompress.wording import message_of

    details = complaints(include_url=False)
    given = details[0]["input"]
    name = max(parameter.opts, key=len) if parameter.param_type_name == "option" else parameter.name.upper()
    if _CHOICE in details[0]["msg"]:
        choices = re.findall("'([^']*)'", details[0]["msg"].partition(_CHOICE)[2])
        return f"{name}: {methods.unknown('value', str(given), choices)}"
    return f"{name}: {message_of(details)} (given {given!r})"
