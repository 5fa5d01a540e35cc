"""A record with round numbers, made by hand, and the manifest of a real bundle."""

import pytest

from edgecompress import bundle
from edgecompress.bench import machine, records
from edgecompress.bench.protocol import protocol
from edgecompress.bench.statistics import Ratio, summary
from edgecompress.report.found import find

from . import documents

MIB = 2**20


def latency(milliseconds, other):
    samples = [int(milliseconds * 1e6)] * 9 + [int(milliseconds * 2e6)] * 3
    return records.Latency(
        samples_ns=samples,
        summary=summary(samples),
        runs=12,
        stride=1,
        warmup_runs=10,
        settled=None,
        seconds=1.0,
        together_with=[other],
        inputs="rows",
        others=None,
        details={},
    )


def memory(peak, load):
    resident = records.Resident(rss=50 * MIB, pss=50 * MIB, uss=40 * MIB, private_dirty=30 * MIB, peak=peak * MIB)
    over = records.Resident(rss=0, pss=0, uss=0, private_dirty=0, peak=(peak - 50) * MIB)
    return records.ProcessMemory(
        after_import=resident,
        after_load=resident,
        after_first_run=resident,
        over_import=records.OverImport(after_load=over, after_first_run=over),
        peak=peak * MIB,
        peak_since_import=True,
        load_ns=load * 1_000_000,
        first_ns=1,
    )


def file(kind, size, milliseconds, peak, load, correct):
    other = "dense.onnx" if kind == "compressed" else "model.onnx"
    return records.FileResult(
        runtime="onnxruntime",
        runtime_version="onnxruntime 1.32.0",
        kind=kind,
        bytes=size,
        sha256="0" * 64,
        latency=latency(milliseconds, other),
        memory=memory(peak, load),
        accuracy=records.AccuracyResult(
            correct=correct, samples=2000, percent=correct / 20, largest_difference=0.5, reference="a reference"
        ),
    )


@pytest.fixture
def record():
    """model.onnx is 40 times smaller than dense.onnx and loses 1.25 points; dense.tflite failed."""
    conditions = machine.Conditions(
        system="Linux",
        kernel="6.1",
        machine="x86_64",
        board=None,
        cpu="Some CPU",
        cores=2,
        affinity=[0, 1],
        frequency=None,
        memory=machine.SystemMemory(total=None, available=None, swap_total=None, swap_used=None),
        load=None,
        emulation=machine.Emulation(emulated=False, why="no sign"),
        python="3.11.7",
        versions={},
    )
    failure = records.Failure(step="latency", message="the runtime crashed: its process died of SIGSEGV | sorry")
    return records.BenchRecord(
        tool_version="0.1.0",
        created="2024-05-06T07:08:09+00:00",
        seconds=10.0,
        taken="measured",
        device=records.DeviceInfo(address="local", is_target=False, note="the bundle is made for a board"),
        bundle=records.BundleInfo(
            manifest_sha256="1" * 64,
            created="2024-05-05T00:00:00+00:00",
            model="alexnet",
            target="rpi4",
            data="Fashion-MNIST",
            data_official=True,
            data_note="",
            data_sha256="0" * 64,
            eval_sha256="1" * 64,
        ),
        protocol=protocol("quick"),
        threads=1,
        threads_note="given",
        agent_sha256="2" * 64,
        before=conditions,
        after=conditions,
        files={
            "model.onnx": file("compressed", 100_000, 2.5, 80, 40, 1850),
            "dense.onnx": file("dense", 4_000_000, 2.0, 75, 20, 1875),
            "dense.tflite": records.FileResult(
                runtime="litert", kind="dense", bytes=4_000_100, sha256="3" * 64, failures=[failure]
            ),
        },
        comparisons=[
            records.Comparison(
                runtime="onnxruntime",
                compressed="model.onnx",
                dense="dense.onnx",
                latency=Ratio(ratio=1.25, low=1.2, high=1.3, verdict="slower"),
            )
        ],
        validity=records.Validity(concerns=["swap in use grew by 5 MiB"], unknown=["clock and governor"]),
    )


@pytest.fixture
def by_error(record):
    """The record of a network that has no classes: its files are judged by ``error``, which is better where lower."""

    def judged(file, value):
        metric = records.MetricResult(
            name="error",
            better="lower",
            value=value,
            samples=24,
            computed="host",
            largest_difference=0.25,
            reference="",
        )
        return file.model_copy(update={"accuracy": None, "metric": metric})

    values = {"dense.onnx": 0.5, "model.onnx": 0.75}
    files = {name: file.model_copy(update={"accuracy": None}) for name, file in record.files.items()}
    return record.model_copy(update={"files": files | {name: judged(files[name], values[name]) for name in values}})


def led(manifest, file, drop):
    """The manifest where build named that file, and each compressed one loses so many points."""
    lead = manifest.lead
    every = {
        name: each if name.startswith("dense") else each.model_copy(update={"drop": drop, "left_out": ""})
        for name, each in lead.candidates.items()
    }
    return manifest.model_copy(
        update={"lead": lead.model_copy(update={"file": file, "candidates": every, "limit": 1.0})}
    )


@pytest.fixture
def manifest(small_bundle):
    """The small bundle's, as if it were of Fashion-MNIST, with one weight in 12.5 kept and next to nothing lost."""
    found = led(bundle.load(small_bundle), "model.onnx", 0.5)
    return found.model_copy(
        update={
            "data": found.data.model_copy(update={"name": "Fashion-MNIST"}),
            "ratios": found.ratios.model_copy(update={"weights": 12.5}),
        }
    )


@pytest.fixture(scope="session")
def records_of_every_kind(tmp_path_factory):
    """A folder of them, as ``documents.write_all`` makes it. Read it, do not change it."""
    return documents.write_all(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="session")
def found(records_of_every_kind):
    """What a report finds there."""
    return find([records_of_every_kind])
