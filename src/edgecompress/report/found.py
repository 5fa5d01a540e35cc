"""The records that a report is made from: files and folders, read, distinguished, and matched with each other."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError
from pydantic_core import from_json

from edgecompress.bench.records import BenchRecord
from edgecompress.errors import InputError
from edgecompress.manifest import Manifest
from edgecompress.record import Versioned, read_bytes
from edgecompress.records import kinds
from edgecompress.search.records import SearchRecord
from edgecompress.study.records import CellRecord, StudyIndex

TITLES = {"manifest": "bundle", "bench": "benchmark", "search": "search", "cell": "study cell", "study": "study"}
"""The kinds of records that a report is made from, as it calls them."""


@dataclass(frozen=True)
class RecordSource:
    """One record and the file it is in."""

    path: Path
    record: Versioned
    sha256: str  # of the file, hexadecimal
    size: int  # of the file, in bytes

    @property
    def kind(self) -> str:
        """The kind of the record, as reports call it."""
        return TITLES[self.record.kind]

    @property
    def content(self) -> bytes:
        """The file's bytes, read again: those of thousands of records are not held in memory.

        Raises:
            InputError: it is not the file that was read before.
        """
        content = read_bytes(self.path)
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise InputError(f"{self.path} was changed while the report was made; make it again")
        return content

    @property
    def id(self) -> str:
        """A short name for this file's content, fit for a link."""
        return f"record-{self.sha256[:12]}"

    def path_from(self, folder: Path) -> str:
        """The file's path as seen from ``folder``, with slashes."""
        return Path(os.path.relpath(self.path.resolve(), folder.resolve())).as_posix()


def how_taken(record: CellRecord) -> Literal["measured", "emulated"]:
    """The way a cell's figures were taken."""
    return "emulated" if record.machine.emulated else "measured"


@dataclass(frozen=True)
class Bench:
    """A benchmark, with the bundle that it measured where that is at hand too."""

    source: RecordSource
    record: BenchRecord
    bundle: "FoundBundle | None"
    label: str

    @property
    def machine(self) -> str:
        """The board or the processor, and whether it is the board that the bundle was made for."""
        seen = self.record.before
        name = seen.board or seen.cpu or "unknown processor"
        return name if self.record.device.is_target else f"{name} (not the bundle's board)"


@dataclass(frozen=True)
class FoundBundle:
    """A bundle's manifest."""

    source: RecordSource
    manifest: Manifest
    label: str


@dataclass(frozen=True, eq=False)
class FoundRecords:
    """All records of a report, each kind in the order of its files' names, and what was passed over."""

    sources: tuple[RecordSource, ...]
    notes: tuple[str, ...] = ()

    def without(self, unfit: dict[str, str]) -> "FoundRecords":
        """All but the records with these ids, and for each of them a note that says why."""
        notes = [f"left out: {each.path}: {unfit[each.id]}" for each in self.sources if each.id in unfit]
        kept = tuple(each for each in self.sources if each.id not in unfit)
        return replace(self, sources=kept, notes=(*self.notes, *notes))

    @cached_property
    def bundles(self) -> list[FoundBundle]:
        """The bundles, each with a label that no other one has."""
        sources = self._of("manifest")
        names = [f"{each.record.model.name}, {each.record.data.name}" for each in sources]
        folders = [f"{name} ({each.path.parent.name})" for name, each in zip(names, sources, strict=True)]
        paths = [f"{name} ({each.path})" for name, each in zip(names, sources, strict=True)]
        # The shortest that tells them apart; a file's path always does.
        counts = Counter(names), Counter(folders)
        names = [
            name if counts[0][name] == 1 else folder if counts[1][folder] == 1 else path
            for name, folder, path in zip(names, folders, paths, strict=True)
        ]
        return [FoundBundle(source, source.record, name) for source, name in zip(sources, names, strict=True)]

    @cached_property
    def benches(self) -> list[Bench]:
        """The benchmarks, each with its bundle."""
        bundles = {bundle.source.sha256: bundle for bundle in self.bundles}
        found = []
        for source in self._of("bench"):
            info = source.record.bundle
            bundle = bundles.get(info.manifest_sha256)
            label = bundle.label if bundle else f"{info.model}, {info.data}"
            found.append(Bench(source, source.record, bundle, label))
        return found

    @property
    def searches(self) -> list[tuple[RecordSource, SearchRecord]]:
        """The searches."""
        return [(source, source.record) for source in self._of("search")]

    @property
    def cells(self) -> list[tuple[RecordSource, CellRecord]]:
        """The cells of studies."""
        return [(source, source.record) for source in self._of("cell")]

    @property
    def studies(self) -> list[tuple[RecordSource, StudyIndex]]:
        """The indices of studies."""
        return [(source, source.record) for source in self._of("study")]

    def _of(self, kind: str) -> list[Any]:
        return self._by_kind.get(kind, [])

    @cached_property
    def _by_kind(self) -> dict[str, list[RecordSource]]:
        by_kind: dict[str, list[RecordSource]] = {}
        for source in self.sources:
            by_kind.setdefault(source.record.kind, []).append(source)
        return by_kind


def find(paths: Sequence[Path]) -> FoundRecords:
    """The records in ``paths``: a file is one; of a folder, all ``.json`` files in it and below that are.

    A record that is damaged or of a newer schema is left out, with a note that says why.

    Raises:
        InputError: a path is absent; a file that was named is no record, or one anywhere has another content than a
            second one of the same run; or there is no record that can be read at all.
    """
    sources: dict[str, RecordSource] = {}
    runs: dict[tuple[str, ...], RecordSource] = {}
    others: list[Path] = []
    unread: list[InputError] = []
    notes: list[str] = []
    for path, named in _files(paths):
        try:
            source = read(path)
        except InputError as error:
            unread.append(error)
            notes.append(f"left out: {error}")
            continue
        if source is None:
            if named:
                raise InputError(f"{path} is no record; a report is made from {_kinds()}")
            others.append(path)
            continue
        earlier = sources.get(source.sha256)
        if earlier:
            if earlier.path.resolve() != path.resolve():
                notes.append(f"{path} is a copy of {earlier.path}, and shown once")
            continue
        sources[source.sha256] = source
        run = _run(source)
        if run in runs:
            raise InputError(
                f"{runs[run].path} and {path} are two records of one {source.kind} and differ; leave one of them out"
            )
        runs[run] = source
    if not sources and unread:
        more = f" ({len(unread) - 1} more cannot be read either)" if len(unread) > 1 else ""
        raise InputError(f"{unread[0]}{more}") from unread[0]
    if not sources:
        where = ", ".join(map(str, paths))
        raise InputError(f"no records in {where}; 'edgecompress build', 'bench' and 'search' write them")
    if others:
        names = ", ".join(map(str, others[:3])) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        notes.append(f"passed over, no records: {names}")
    return FoundRecords(tuple(sorted(sources.values(), key=lambda source: str(source.path))), tuple(notes))


def read(path: Path) -> RecordSource | None:
    """The record in a file; ``None`` where it holds something else.

    Raises:
        InputError: it cannot be read, is of a newer schema, or has a record's keys and breaks its schema.
    """
    content = read_bytes(path)
    if source := _read_as_written(path, content):
        return source
    try:
        document = from_json(content)
    except ValueError:
        return None
    found = kinds.kind_of(document)
    if found is None or found.kind_name() not in TITLES:
        return None
    return _source(path, found.from_json(content, str(path)), content)


def _read_as_written(path: Path, content: bytes) -> RecordSource | None:
    """The record, where the file keeps to the schema that its words point to; ``None``: to be looked into.

    It is of no other kind then, since schemas refuse unknown keys, and the document was parsed once.
    """
    for name in TITLES:
        schema = kinds.KINDS[name]
        if all(f'"{key}"'.encode() in content for key in schema.marks):
            try:
                return _source(path, schema.model_validate_json(content), content)
            except ValidationError:
                continue
    return None


def _source(path: Path, record: Versioned, content: bytes) -> RecordSource:
    return RecordSource(path, record, hashlib.sha256(content).hexdigest(), len(content))


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """The files to look at, and whether each was named itself."""
    for path in paths:
        if path.is_dir():
            for folder, below, names in os.walk(path):
                # Hidden folders are caches and half-written bundles.
                below[:] = sorted(name for name in below if not name.startswith("."))
                for name in sorted(names):
                    if name.endswith(".json") and not name.startswith("."):
                        yield Path(folder) / name, False
        elif path.exists():
            yield path, True
        else:
            raise InputError(f"{path} is not there; give files or folders with {_kinds()}")


def _kinds() -> str:
    *first, last = TITLES.values()
    return f"records of a {', a '.join(first)} or a {last}"


def _run(source: RecordSource) -> tuple[str, ...]:
    """The name of the run that wrote a record: two records of one run cannot both be right."""
    record: Any = source.record
    match record.kind:
        case "manifest":
            return source.kind, record.created, record.recipe.model_dump_json(), record.target.name
        case "bench":
            return source.kind, record.created, record.device.address, record.bundle.manifest_sha256
        case "search":
            given = record.recipe.model_dump_json()
            return source.kind, record.model, record.data, given, str(record.max_drop), str(record.size_budget)
        case "cell":
            return source.kind, record.study, record.cell.name, record.recipe_digest
        case _:
            return source.kind, record.study, record.taken
