"""The nodes of a TFLite graph that a delegate took.

An interpreter lists the nodes of the file, and after them one more for each part of the graph that a delegate replaced.
Such a node has the inputs and outputs of its part and does not say whose it is; which delegate it is follows from the
moment: one that is asked for is applied when the interpreter is made, the default one when its tensors are allocated.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

DEFAULT = "XNNPACK"
REST = "built-in kernels"
_PART = "DELEGATE"


class Nodes:
    """Counts the nodes that each delegate of one interpreter took."""

    def __init__(self, asked: str) -> None:
        """``asked``: the library of the delegate that the interpreter is made with; empty: none."""
        self._asked = PurePath(asked).name
        self._parts: list[dict[str, Any]] | None = None
        self._counts: dict[str, int] | None = None
        self._kinds: dict[int, str] = {}
        self._who: dict[int, str] = {}

    def before_default(self, interpreter: Any) -> None:
        """Record the parts of a delegate that was asked for, when the interpreter is made."""
        # The method is private to the runtime, and it is the only place that tells.
        listing = getattr(interpreter, "_get_ops_details", None)
        self._parts = None if listing is None else _parts(listing())

    def after_default(self, interpreter: Any) -> None:
        """Count the nodes of each delegate, when the interpreter's tensors are allocated."""
        if self._parts is None:
            return
        every = interpreter._get_ops_details()
        parts = _parts(every)
        nodes = [node for node in every if not _is_part(node)]
        given = len(self._parts)
        first = [index for part in parts[:given] for index in _within(part, nodes)]
        second = [index for part in parts[given:] for index in _within(part, nodes)]
        self._counts = {self._asked: len(first)} if self._asked else {}
        self._counts.update({DEFAULT: len(second), REST: len(nodes) - len(first) - len(second)})
        self._kinds = {int(node["index"]): str(node["op_name"]) for node in nodes}
        self._who = {**dict.fromkeys(first, self._asked), **dict.fromkeys(second, DEFAULT)}

    def placement(self) -> dict[str, int] | None:
        """Nodes by who runs them; ``None`` where the runtime does not tell."""
        return self._counts

    def kind(self, index: int) -> str:
        """The operator of a node, by its place in the file's graph."""
        return self._kinds.get(index, "an operator")

    def who(self, index: int) -> str:
        """The name of what runs a node, by its place in the file's graph."""
        return self._who.get(index, REST)

    def delegates(self) -> list[str] | None:
        """The delegates that took any."""
        if self._counts is None:
            return None
        return [name for name, count in self._counts.items() if count and name != REST]


def _is_part(node: dict[str, Any]) -> bool:
    name = str(node["op_name"])
    return name == _PART or DEFAULT.lower() in name.lower()


def _parts(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [node for node in nodes if _is_part(node)]


def _within(part: dict[str, Any], nodes: list[dict[str, Any]]) -> set[int]:
    """The nodes that a part stands for: those on the way back from its outputs to its inputs."""
    producer = {int(tensor): node for node in nodes for tensor in node["outputs"]}
    given = {int(tensor) for tensor in part["inputs"]}
    found: set[int] = set()
    left = [int(tensor) for tensor in part["outputs"]]
    while left:
        node = producer.get(left.pop())
        if node is None or node["index"] in found:
            continue
        found.add(int(node["index"]))
        left += [tensor for tensor in map(int, node["inputs"]) if tensor not in given]
    return found
