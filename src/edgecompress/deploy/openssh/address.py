"""The address of a board that is reached by ssh."""

import re
import shlex
from dataclasses import dataclass

from edgecompress.errors import InputError

# As ssh(1) takes it as a URI. A name that starts with a dash would be read as an option.
_FORM = re.compile(
    r"(?:(?P<user>[^-@:/\s][^@:/\s]*)@)?(?P<host>\[[0-9A-Fa-f:.]+(?:%\w+)?\]|[^-@:/\[\]\s][^@:/\[\]\s]*)(?::(?P<port>\d{1,5}))?/?"
)


@dataclass(frozen=True)
class Address:
    """Whom to reach. What is ``None`` is left to the user's ssh configuration, where ``host`` may be an alias."""

    host: str
    user: str | None
    port: int | None

    def options(self) -> list[str]:
        """As ssh's own options and destination."""
        user = ["-l", self.user] if self.user else []
        port = ["-p", str(self.port)] if self.port else []
        return [*user, *port, "--", self.host]

    @property
    def command(self) -> str:
        """The command by which the user logs in there."""
        port = ["-p", str(self.port)] if self.port else []
        return shlex.join(["ssh", *port, f"{self.user}@{self.host}" if self.user else self.host])


def parse(address: str) -> Address:
    """``[user@]host[:port]``; an IPv6 address in brackets.

    Raises:
        InputError: it is not of that form.
    """
    found = _FORM.fullmatch(address)
    port = int(found["port"]) if found and found["port"] else None
    if not found or port == 0 or (port or 0) > 65_535:
        raise InputError(f"'ssh://{address}' is not an address; write ssh://user@host, or ssh://user@host:port")
    return Address(found["host"].strip("[]"), found["user"], port)
