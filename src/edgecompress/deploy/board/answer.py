"""The answer of a script in its output: a token, the output, the token again with a word, and what else it says.

So a carrier needs one stream and no exit code: what a login shell prints before, and an exit code of the carrier's own,
are never taken for the script's.
"""

import secrets
import shlex
from collections.abc import Sequence

from edgecompress.deploy.board.contract import Reply
from edgecompress.deploy.process import OnPart

_BEFORE_BYTES = 1 << 20  # of what comes before the token

# ``say`` ends a script.
_HEAD = """
say() { printf '%s %s\\n%s' "$token" "$1" "${2-}"; exit 0; }
printf '%s\\n' "$token"
"""


def script(program: str, arguments: Sequence[str]) -> tuple[str, str]:
    """A token that no program knows, and one of ``programs`` with its arguments as a script that answers with it."""
    token = f"edgecompress-{secrets.token_hex(16)}"
    return token, f"token={token}; set -- {shlex.join(arguments)}{_HEAD}{program}"


class Answer:
    """Takes the output of a script as it comes, hands on what is between the tokens, and keeps what follows."""

    def __init__(self, token: str, on_part: OnPart) -> None:
        self._marks = [f"{token}\n".encode(), f"{token} ".encode()]
        self._on_part = on_part
        self._before = self._rest = b""

    def __call__(self, part: bytes) -> None:
        """Take the next part."""
        self._rest += part
        while self._marks:
            mark = self._marks[0]
            output, found, rest = self._rest.partition(mark)
            # A mark may have come in part.
            held = 0 if found else next((n for n in range(len(mark) - 1, 0, -1) if output.endswith(mark[:n])), 0)
            output, self._rest = output[: len(output) - held], rest if found else output[len(output) - held :]
            if not self.began:
                self._before = (self._before + output)[: _BEFORE_BYTES + 1]
            elif output:
                self._on_part(output)
            if not found:
                return
            self._marks.pop(0)

    @property
    def began(self) -> bool:
        """Return whether the script has begun."""
        return len(self._marks) < 2  # the first token came

    @property
    def before(self) -> str | None:
        """The words that came before the script began; ``None``: it has."""
        return None if self.began else (self._before + self._rest).decode(errors="replace")

    @property
    def drowned(self) -> bool:
        """Return whether more came before the script than any greeting says."""
        return len(self._before) > _BEFORE_BYTES

    def reply(self) -> Reply | None:
        """The answer; ``None``: it has not come whole."""
        word, end, more = self._rest.partition(b"\n")
        if self._marks or not end:
            return None
        return Reply(word.decode(errors="replace"), more.decode("utf-8", errors="replace"))
