"""Bundles from Python: built, opened and measured, as the commands do it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from edgecompress import bundle
from edgecompress.bench import run, several
from edgecompress.bench.accelerator import Accelerator
from edgecompress.bench.consent import metric_source
from edgecompress.bench.records import BenchRecord
from edgecompress.bench.several import DeviceOutcome
from edgecompress.bundle import MANIFEST
from edgecompress.compress.record import Better
from edgecompress.devices import find
from edgecompress.encode.partition import Mode
from edgecompress.errors import InputError
from edgecompress.library.paths import StrPath, path_of
from edgecompress.library.recipes import named
from edgecompress.library.warned import Warn, warned
from edgecompress.manifest import Manifest, ModelFile
from edgecompress.progress import Progress, silent
from edgecompress.report.summary import summary
from edgecompress.report.writers.terminal import terminal
from edgecompress.search.sizes import parse_size
from edgecompress.store.keep import keep
from edgecompress.store.place import NONE
from edgecompress.workflows.build import build_bundle
from edgecompress.workflows.request import Request


@dataclass(frozen=True, repr=False)
class Bundle:
    """A folder that ``build`` wrote: model files for one board, and all that is known of them.

    Attributes:
        path: the folder.
        manifest: what is known.
    """

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: StrPath) -> Self:
        """The bundle in a folder, after every file in it was checked against its checksum.

        Raises:
            InputError: The folder is not a bundle, or a file in it is missing or another.
        """
        return cls(Path(path), bundle.load(Path(path)))

    @property
    def models(self) -> dict[str, ModelFile]:
        """The model files by name: size, ledger, proof, memory."""
        return self.manifest.models

    def file(self, name: str) -> Path:
        """The path of the model file ``name``.

        Raises:
            InputError: There is none of that name.
        """
        if name not in self.models:
            raise InputError(f"{self.path} has no model file '{name}'; it has {', '.join(self.models)}")
        return self.path / name

    @property
    def metric_source(self) -> str | None:
        """The source of the metric that a device can run, to read; ``None``: the bundle has none."""
        judged = self.manifest.judged
        if judged is None or judged.evaluation is None or judged.evaluation.source is None:
            return None
        return "\n".join(metric_source(self.manifest, self.path).lines)

    def bench(
        self,
        device: str = "local",
        mode: Literal["quick", "standard", "sustained"] = "standard",
        *,
        threads: int | None = None,
        provider: str = "",
        delegate: str = "",
        profile: bool = False,
        run_metric: bool | str = False,
        output: StrPath | None = None,
        store: str | None = NONE,
        progress: Progress = silent,
        warn: Warn | None = None,
    ) -> BenchRecord:
        """Measure every model file on a device: latency, load time, memory and accuracy.

        The record is written to a file too. What disturbed the measurement is in its ``validity.disturbed``.

        Args:
            device: ``local``, ``ssh://user@host``, ``adb:SERIAL``, or what else ``edgecompress bench --device`` takes.
            mode: How latency is sampled.
            threads: Of the runtimes. Default: the target's.
            provider: An execution provider of onnxruntime.
            delegate: A delegate of LiteRT: its shared library on the device.
            profile: Take the time of each operator too.
            run_metric: Have the device run the bundle's ``metric.py``; read it first (``metric_source``). The SHA-256
                of what was read: that source and no other. Default: this machine judges by your own function what
                the device sends back.
            output: The record's file. Default: ``record_file(device)``.
            store: Where the record is kept beside its file; ``None``: the user's store. Default: nowhere.
            progress: Called with every step.
            warn: Called with the reason why a record is not in the store. Default: ``warnings.warn``.

        Raises:
            InputError: There is no such device or mode, or no metric that a device can run.
            CheckError: A file computes something else there than here.
            RuntimeFailedError: Not one file ran, or the device failed.
        """
        record, path = run.bench(
            self.path,
            device=device,
            mode=mode,
            threads=threads,
            accelerator=Accelerator(provider=provider, delegate=delegate),
            profile=profile,
            allowed_metric=self._allowed(run_metric),
            output=None if output is None else Path(output),
            progress=progress,
        )
        keep(record, store, file=path, warn=warned(warn))
        return record

    def bench_all(
        self,
        devices: Sequence[str],
        mode: Literal["quick", "standard", "sustained"] = "standard",
        *,
        threads: int | None = None,
        provider: str = "",
        delegate: str = "",
        profile: bool = False,
        run_metric: bool | str = False,
        allow_noisy: bool = False,
        store: str | None = NONE,
        progress: Progress = silent,
        warn: Warn | None = None,
    ) -> list[DeviceOutcome]:
        """Measure every model file on several devices at the same time, a process a device.

        A device that fails stops no other: its outcome has the error, in one line, and the records of the others stand.

        Args:
            devices: Each as ``bench`` takes it.
            mode: As for ``bench``.
            threads: As for ``bench``.
            provider: As for ``bench``.
            delegate: As for ``bench``.
            profile: As for ``bench``.
            run_metric: As for ``bench``.
            allow_noisy: Take times that were disturbed for no error.
            store: Where the records are kept beside their files, as for ``bench``.
            progress: Called with every step; the title is the device.
            warn: As for ``bench``.

        Raises:
            InputError: A name means no device, or two mean the same.
        """
        outcomes = several.bench_all(
            self.path,
            devices,
            mode=mode,
            threads=threads,
            accelerator=Accelerator(provider=provider, delegate=delegate),
            profile=profile,
            allowed_metric=self._allowed(run_metric),
            allow_noisy=allow_noisy,
            progress=progress,
        )
        for outcome in outcomes:
            if outcome.record:
                keep(outcome.record, store, file=outcome.path, warn=warned(warn))
        return outcomes

    def record_file(self, device: str) -> Path:
        """The file that a record of a benchmark on ``device`` which begins now goes to: ``bench/DEVICE-TIME.json``.

        Raises:
            InputError: There is no such device.
        """
        return run.record_file(self.path, find(device, self.manifest.target))

    def _allowed(self, run_metric: bool | str) -> str | None:
        """The checksum of the metric's source that a device may run."""
        if isinstance(run_metric, str):
            return run_metric
        return metric_source(self.manifest, self.path).sha256 if run_metric else None

    def __repr__(self) -> str:
        """The text that ``edgecompress build`` prints."""
        return f"{terminal(summary(self.manifest), self.path)}bundle: {self.path}"


def build(
    model: str,
    data: StrPath | None = None,
    *,
    target: StrPath = "host",
    recipe: StrPath | Mapping[str, Any] | None = None,
    changes: Sequence[str] | Mapping[str, Any] = (),
    checkpoint: StrPath | None = None,
    loss: str | None = None,
    metric: str | None = None,
    better: Better | None = None,
    encoding: Mode | None = None,
    output: StrPath | None = None,
    data_dir: StrPath | None = None,
    cache: StrPath | None = None,
    download: bool = True,
    eval_samples: int | None = None,
    max_drop: float | None = None,
    from_front: int | None = None,
    size_budget: int | str | None = None,
    arena_budget: int | str | None = None,
    store: str | None = NONE,
    progress: Progress = silent,
    warn: Warn | None = None,
) -> Bundle:
    """Train, prune, retrain, cluster, export and prove: a bundle of model files for a board, as ``edgecompress build``.

    A network in memory goes through ``ec.compress`` and ``ec.export``.

    Args:
        model: A built-in network's name, ``package.module:factory``, or an .onnx or .pt2 file.
        data: A built-in data set's name, a folder of images by class, an .npz file, or ``package.module:loaders``.
        target: The board: a shipped profile's name, or one's TOML file.
        recipe: A shipped recipe's name or a TOML file, or changes as a dict. Default: the model's and data's own.
        changes: To the recipe, as ``--set`` has them (``prune.sparsity=0.95``), or as a dict.
        checkpoint: The network's weights, which are not trained from scratch then.
        loss: What a network of one's own learns from: ``package.module:function`` of outputs and targets.
        metric: What it is judged by beside, likewise; a number. Default: top-1 accuracy, or the loss.
        better: The direction in which the metric is better; a loss alone is better where it is lower.
        encoding: Of the model files: ``fast-load`` or ``smallest``.
        output: The bundle's folder. Default: ``dist/MODEL-DATA-TARGET``.
        data_dir: Where data sets are looked for.
        cache: Where finished epochs are kept. Default: the user's cache folder.
        download: Fetch data sets that are not there.
        eval_samples: How many test samples the bundle has. Default: all.
        max_drop: Compress until more points of validation accuracy than these would be lost; what was tried is the
            manifest's ``front``.
        from_front: Take that point of it, from 1, of the bundle at ``output``, without training.
        size_budget: Most bytes of the file that runs on the board, as a number or as ``256kB``, in place of its
            profile's limit; a bundle over it is refused, before training where it is known.
        arena_budget: The same of a microcontroller's tensor arena.
        store: Where the manifest is kept beside its file; ``None``: the user's store. Default: nowhere.
        progress: Called with every step.
        warn: Called with each warning, one line. Default: ``warnings.warn``.

    Raises:
        InputError: What is given is wrong; the line says what to do.
        CheckError: Training diverged, a file fails its proof, or the board's budget is exceeded.
    """
    if max_drop is not None and from_front is not None:
        raise InputError("max-drop finds a front, and from-front takes a point of one; leave out one of both")
    name, given = named(recipe, changes)
    given += [] if max_drop is None else [f"cluster.max_drop={max_drop!r}"]
    request = Request(
        target=os.fspath(target),
        model=model,
        data=None if data is None else os.fspath(data),
        recipe=name,
        changes=tuple(given),
        checkpoint=path_of(checkpoint),
        loss=loss,
        metric=metric,
        better=better,
        encoding=encoding,
        output=path_of(output),
        data_dir=path_of(data_dir),
        cache_dir=path_of(cache),
        download=download,
        eval_samples=eval_samples,
        from_front=from_front,
        size_budget=_bytes(size_budget),
        arena_budget=_bytes(arena_budget),
    )
    say = warned(warn)
    folder, manifest = build_bundle(request, progress=progress, warn=say)
    keep(manifest, store, file=folder / MANIFEST, warn=say)
    return Bundle(folder, manifest)


def _bytes(size: int | str | None) -> int | None:
    return parse_size(size) if isinstance(size, str) else size
