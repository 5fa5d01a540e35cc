"""The decoder printed in docs/ecz.md reads what is packed, and the golden files."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def files():
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "ecz.md").read_text(encoding="utf-8"), re.DOTALL)
    names: dict = {}
    exec(compile(code, "ecz.md", "exec"), names)
    return names["files"]


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "golden").glob("*.ecz")), ids=lambda path: path.stem)
def test_the_golden_files(files, path):
    sums = (path.parent / "SHA256SUMS").read_text().splitlines()
    for name, content in files(path.read_bytes()):
        assert f"{hashlib.sha256(content).hexdigest()}  {path.stem}/{name}" in sums


def test_arrays_of_every_kind(files, packed, clustered):
    generator = np.random.default_rng(1)
    sparse = clustered((40, 300), 0.1)
    scaled = (sparse * generator.uniform(-2, 2, (40, 1))).astype(np.float32)
    listed = generator.normal(size=(50, 8)).astype(np.float32)[
        np.arange(50)[:, None], generator.integers(0, 8, (50, 90))
    ]
    noise = generator.normal(size=2000).astype(np.float32)
    rising = np.cumsum(generator.integers(0, 9, 3000))
    assert files(packed(sparse, scaled, listed, noise, rising))
    assert files(packed(sparse, noise, sparse, noise))
