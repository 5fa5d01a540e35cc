"""A record that was really measured, and changes of it whose effect is known."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from edgecompress.bench.records import BenchRecord, MetricResult
from edgecompress.bench.statistics import summary

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def record():
    found = BenchRecord.from_file(ROOT / "tests" / "golden" / "bench-1.json")
    data = found.bundle.model_copy(update={"data_sha256": "a" * 64, "eval_sha256": "b" * 64})
    return found.model_copy(update={"bundle": data})


@pytest.fixture
def slower():
    """A record with the times of some files multiplied, and another seed of their order."""

    def make(record, factor, names=None):
        files = dict(record.files)
        for name in names or files:
            old = files[name].latency
            # Whole pairs of rounds, the same for all files: which times were taken together stays.
            pairs = np.random.default_rng(7).permutation(np.reshape(old.samples_ns, (-1, 2)))
            samples = [int(each * factor) for each in pairs.ravel()]
            latency = old.model_copy(update={"samples_ns": samples, "summary": summary(samples)})
            files[name] = files[name].model_copy(update={"latency": latency})
        return record.model_copy(update={"files": files})

    return make


@pytest.fixture
def with_file():
    def make(record, name, **changed):
        files = {**record.files, name: record.files[name].model_copy(update=changed)}
        return record.model_copy(update={"files": files})

    return make


@pytest.fixture
def with_metric():
    """A record in which every file has a metric of the user's own, ``value`` or what ``values`` says of a file."""

    def make(record, value, better="lower", name="error", samples=24, sha256="a" * 64, **values):
        def of(file):
            found = values.get(file.partition(".")[0], value)
            return MetricResult(
                name=name, better=better, value=found, samples=samples, computed="host", source_sha256=sha256,
                largest_difference=None, reference="",
            )  # fmt: skip

        files = {file: known.model_copy(update={"metric": of(file)}) for file, known in record.files.items()}
        return record.model_copy(update={"files": files})

    return make


@pytest.fixture
def cell_record():
    """A cell of a study, as the tests of studies have it."""
    spec = importlib.util.spec_from_file_location("of_studies", ROOT / "tests" / "study" / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cell = module.StudyCell(
        model="alexnet", data="uci-har", width=1.0, sparsity=0.9, method="kmeans", bits=4, distill=False, seed=1
    )
    return module.make_record(cell)
