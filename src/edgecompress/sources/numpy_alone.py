"""Metrics of NumPy alone: those whose source a board runs as it is, with Python 3.9 and NumPy and nothing else."""

import ast
from pathlib import Path

OLDEST = (3, 9)
"""The Python that a board has at least, as the agent needs it."""
ALLOWED = ("__future__", "collections", "functools", "itertools", "math", "numpy", "typing")
"""The modules that a source may import, with those inside them: NumPy, and of Python itself what computes."""
REFUSED = ("__import__", "eval", "exec", "open")
"""The names that a source may not use: they bring in what no import shows."""


def why_not(source: Path) -> str:
    """The reason why a source is not of NumPy alone, in words; empty: it is. Nothing of it is run.

    The whole file counts, and not the function alone: all of it is run where the function is.
    """
    try:
        tree = ast.parse(source.read_text(encoding="utf-8"), source.name, feature_version=OLDEST)
    except (ValueError, SyntaxError) as error:
        return f"{source.name} is no Python {'.'.join(map(str, OLDEST))} in UTF-8 ({error})"
    for node in ast.walk(tree):
        names = _imported(node)
        other = next((name for name in names if name.partition(".")[0] not in ALLOWED), None)
        if other is not None:
            return f"{source.name} imports {other}, and a board has NumPy alone"
        if isinstance(node, ast.Name) and node.id in REFUSED:
            return f"{source.name} uses {node.id}, and a board has nothing but the outputs and the targets"
    return ""


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    if isinstance(node, ast.ImportFrom):
        return ["." * node.level + (node.module or "")]
    return []
