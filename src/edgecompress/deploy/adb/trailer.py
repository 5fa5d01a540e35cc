"""The trailer after a script's output in the same stream: a mark, a word, a number, and more."""

import re
import secrets
from dataclasses import dataclass
from typing import NamedTuple

from edgecompress.deploy.process import OnPart


class Told(NamedTuple):
    """The trailer's content."""

    word: str
    number: int
    more: str


def new_mark() -> str:
    """A word that no program says."""
    return f"edgecompress-{secrets.token_hex(16)}"


@dataclass
class Trailer:
    """Takes the output of a script, hands on what comes before ``mark``, and keeps what follows."""

    mark: str
    on_part: OnPart
    _rest: bytes = b""
    _found: bool = False

    def __call__(self, part: bytes) -> None:
        """Take the next part."""
        self._rest += part
        if self._found:
            return
        mark = self.mark.encode()
        before, found, after = self._rest.partition(mark)
        if found:
            self._found, self._rest = True, after
        else:
            # The mark may have come in part.
            held = next((n for n in range(min(len(mark) - 1, len(before)), 0, -1) if before.endswith(mark[:n])), 0)
            before, self._rest = before[: len(before) - held], before[len(before) - held :]
        if before:
            self.on_part(before)

    def told(self) -> Told | None:
        """The content after the mark; ``None``: nothing whole so far."""
        head, end, more = self._rest.partition(b"\n")
        if not self._found or not end:
            return None
        words = re.fullmatch(r"\s*([a-z]{1,20}) (-?\d{1,10})\s*", head.decode("utf-8", errors="replace"))
        word, number = (words[1], int(words[2])) if words else ("unknown", -1)
        return Told(word, number, more.decode("utf-8", errors="replace"))
