"""JSON documents of every kind that a report reads, made from a real bundle and its real benchmark."""

import copy
import json
from pathlib import Path
from typing import Any

from edgecompress.manifest import Manifest
from edgecompress.search.records import Candidate, SearchRecord, Sensitivity, Setting, Trial
from edgecompress.study import records as study

RESULTS = Path(__file__).parents[2] / "results"
REAL = RESULTS / "alexnet-digits"


def manifest() -> dict[str, Any]:
    return json.loads((REAL / "manifest.json").read_text())


def bench() -> dict[str, Any]:
    return json.loads((REAL / "record.json").read_text())


def sustained() -> dict[str, Any]:
    """The benchmark as if a board had run it for four minutes, 10 degrees hotter and 0.1 ms slower in each."""
    document = bench()
    document["created"] = "2026-01-02T03:04:05+00:00"
    document["device"] = {"address": "ssh://pi@board", "is_target": True, "note": ""}
    document["before"]["board"] = "Raspberry Pi 4 Model B Rev 1.4"
    document["protocol"] |= {"mode": "sustained", "window_seconds": 60}
    for file in document["files"].values():
        file["latency"]["windows"] = [
            {
                "start": 60 * i,
                "seconds": 60,
                "runs": 5000 - i,
                "p50_ns": 1e6 + 1e5 * i,
                "p90_ns": 2e6 + 1e5 * i,
                "p99_ns": 3e6,
                "hottest": 50.0 + 10 * i,
                "clock_khz": 1_500_000 - 100_000 * i,
            }
            for i in range(4)
        ]
    return document


def emulated() -> dict[str, Any]:
    document = bench()
    document["created"] = "2026-02-03T04:05:06+00:00"
    document["taken"] = "emulated"
    document["device"]["address"] = "adb:emulator-5554"
    return document


def hostile() -> dict[str, Any]:
    """A benchmark of a board whose name, and a failure whose words, are HTML, Markdown and a formula at once."""
    document = bench()
    document["created"] = "2026-03-04T05:06:07+00:00"
    document["before"]["board"] = NAME
    document["device"]["address"] = NAME
    document["bundle"]["model"] = NAME
    document["bundle"]["manifest_sha256"] = "0" * 64
    document["files"] = {f"{NAME}.onnx": next(iter(document["files"].values()))}
    document["comparisons"] = []
    document["files"][f"{NAME}.onnx"]["failures"] = [{"step": "load", "message": NAME}]
    return document


NAME = '=1+1</script><script>alert("x")</script><img src=x onerror=alert(1)>|[a](javascript:alert(2))&quot;'


def search() -> dict[str, Any]:
    recipe = Manifest.from_file(REAL / "manifest.json").recipe
    settings = {"conv2": Setting(sparsity=0.9, bits=4), "head": Setting(sparsity=0.5)}
    sensitivities = [
        Sensitivity(layer=layer, weights=100, change="sparsity", value=value, accuracy=99 - 10 * value, loss_rise=value)
        for layer in ("conv2", "head")
        for value in (0.9, 0.5)
    ]
    sensitivities.append(Sensitivity(layer="conv2", weights=100, change="bits", value=4, accuracy=98.0, loss_rise=0.01))
    trials = [
        Trial(number=0, origin="start", parameters={}, layers=settings, bytes=20_000, drop=1.5),
        Trial(number=1, origin="sampled", parameters={}, layers=settings, bytes=30_000, drop=0.25),
        Trial(
            number=2, origin="sampled", parameters={}, layers={}, bytes=90_000, drop=None, stopped="above the budget"
        ),
    ]
    record = SearchRecord(
        tool_version="0.1.0",
        model="alexnet",
        data="Digits",
        recipe=recipe,
        max_drop=0.5,
        size_budget=50_000,
        dense_accuracy=99.0,
        sensitivities=sensitivities,
        trials=trials,
        front=[0, 1],
        candidates=[
            Candidate(trial=None, bytes=60_000, accuracy=98.9, drop=0.1, holds=False),
            Candidate(trial=1, bytes=30_500, accuracy=98.7, drop=0.3, holds=True),
        ],
        chosen=1,
    )
    return record.model_dump(mode="json")


def cell(seed: int = 0, *, correct: int = 920, **changes: Any) -> dict[str, Any]:
    """A cell of AlexNet on UCI-HAR at one weight in ten; the dense network has 940 of 1000 right."""
    data = copy.deepcopy(manifest()["data"]) | {"name": "UCI-HAR", "official": False, "note": "rebuilt windows"}
    point = {"model": "alexnet", "data": "uci-har", "width": 1, "sparsity": 0.9, "method": "kmeans", "bits": 4}
    document = {
        "tool_version": "0.1.0",
        "study": "paper",
        "cell": {**point, "distill": False, "seed": seed, **changes},
        "recipe_digest": f"{seed:064}",
        "state": "done",
        "outcome": {
            "budget": {
                "epochs": {"train": 4, "prune": 2},
                "epochs_scale": 0.25,
                "training_samples": 500,
                "training_samples_available": 7000,
                "changes": ["train.batch_size=32"],
                "recipe": "1" * 24,
            },
            "data": data,
            "accuracy": {
                "baseline": {"correct": 940, "total": 1000},
                "control": {"correct": 938, "total": 1000},
                "pruned": {"correct": 930, "total": 1000},
                "clustered": {"correct": correct, "total": 1000},
                "from_baseline": {"lost": max(0, 940 - correct) + 5, "won": max(0, correct - 940) + 5},
                "from_control": {"lost": max(0, 938 - correct) + 5, "won": max(0, correct - 938) + 5},
            },
            "weights_total": 10_000,
            "weights_kept": 1_000,
            "sizes": {
                "onnx": {
                    "runtime": "onnxruntime",
                    "dense": 40_000,
                    "compressed": 1_000,
                    "container": 950,
                    "entropy_bound": 800,
                },
                "tflite": {
                    "runtime": "litert",
                    "dense": 40_000,
                    "compressed": 2_000,
                    "container": None,
                    "entropy_bound": None,
                },
            },
            "layers": [{"name": "conv1", "weights": 1000, "kept": 250, "distinct": 15, "bits": 4}],
            "latency": [
                {
                    "runtime": "onnxruntime",
                    "ratio": 1.02,
                    "low": 1.0,
                    "high": 1.04,
                    "threads": 1,
                    "how": "measured",
                    "where": "some machine",
                }
            ],
            "seconds": {"train": 1.0},
            "cached": [],
        },
        "machine": {
            "system": "Linux",
            "machine": "x86_64",
            "cpu": "Some CPU",
            "emulated": False,
            "cores": 2,
            "threads": 1,
            "gpu": None,
            "python": "3.11.7",
            "versions": {},
        },
        "taken": f"2026-01-01T00:00:{seed:02}+00:00",
    }
    return study.CellRecord.model_validate(document).model_dump(mode="json")


def failed_cell() -> dict[str, Any]:
    document = cell(7)
    return document | {"state": "failed", "error": "training diverged", "outcome": None}


def index() -> dict[str, Any]:
    left = cell(8, model="vgg16bn")["cell"]
    return {
        "schema_version": 1,
        "tool_version": "0.1.0",
        "study": "paper",
        "cells": [{"file": None, "cell": left, "state": "left out", "error": None}],
        "budget_minutes": 30,
        "taken": "2026-01-01T01:00:00+00:00",
    }


def write(folder: Path, **documents: dict[str, Any]) -> Path:
    """Write each document under its name, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return folder


def write_all(folder: Path) -> Path:
    """A folder with every kind of record; ``digits`` is the real bundle with its real benchmark."""
    for name in ("manifest.json", "record.json"):
        (folder / "digits").mkdir(parents=True, exist_ok=True)
        (folder / "digits" / name).write_bytes((REAL / name).read_bytes())
    write(folder / "boards", sustained=sustained(), emulated=emulated(), hostile=hostile())
    cells = {"first": cell(0), "second": cell(1, correct=900), "failed": failed_cell(), "index": index()}
    write(folder / "study", **cells)
    return write(folder, search=search())
