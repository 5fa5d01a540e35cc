import pytest

from edgecompress import recipe

MINIMAL = """
[train]
epochs = 1
learning_rate = 0.1
[prune]
epochs = 1
learning_rate = 0.1
sparsity = 0.9
[retrain]
epochs = 1
learning_rate = 0.1
[cluster]
epochs = 1
bits = 5
"""


@pytest.fixture
def load(tmp_path):
    """The least that a recipe is, with ``text`` around it and ``changes`` to it."""

    def read(*changes: str, before: str = "", after: str = "") -> recipe.Recipe:
        path = tmp_path / "r.toml"
        path.write_text(before + MINIMAL + after)
        return recipe.load(str(path), changes)

    return read
