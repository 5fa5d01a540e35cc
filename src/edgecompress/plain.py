"""Text from outside, fit to be shown: a name in a file or a board's message may hold what a terminal obeys."""

import re

# Control characters but for tab and line feed, what turns the direction of a line, line and paragraph separators,
# surrogates, and what is no character at all (which XML has no way to write).
_UNFIT = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def plain(text: str) -> str:
    r"""``text`` with each character that is an order and not a sign written as its escape, as in Python: ``\x1b``."""
    if text.isprintable():  # nearly all are, and this is ten times as fast
        return text
    return _UNFIT.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def one_line(text: str) -> str:
    """Make text plain as ``plain`` does, in one line."""
    return " ".join(plain(re.sub(r"[\r\v\f\x85\u2028\u2029]", " ", text)).split())


def plain_json(text: str) -> str:
    """A JSON document that says the same, with each such character written as its number."""
    return _UNFIT.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
