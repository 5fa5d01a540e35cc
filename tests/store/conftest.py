"""Records that were really measured and built, and stores in files of their own."""

from pathlib import Path

import pytest

from edgecompress.bench.records import BenchRecord
from edgecompress.manifest import Manifest
from edgecompress.store.store import open_store

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def bench_record():
    return BenchRecord.from_file(ROOT / "tests" / "golden" / "bench-1.json")


@pytest.fixture(scope="session")
def manifest():
    return Manifest.from_file(ROOT / "results" / "alexnet-digits" / "manifest.json")


@pytest.fixture
def place(tmp_path):
    return tmp_path / "folder" / "store.sqlite"


@pytest.fixture
def store(place):
    with open_store(str(place)) as opened:
        yield opened
