"""Two records compared from Python, as ``edgecompress compare`` does it."""

import os
from collections.abc import Sequence

from edgecompress.compare import limits
from edgecompress.compare import run as room
from edgecompress.compare.records import CompareRecord
from edgecompress.library.paths import StrPath
from edgecompress.record import Published
from edgecompress.records import kinds
from edgecompress.store.document import checksum


def compare(
    a: Published | StrPath,
    b: Published | StrPath,
    *,
    fail_on: str | Sequence[str] = (),
    allow: Sequence[str] = (),
    files: Sequence[str] = (),
    store: str | None = None,
) -> CompareRecord:
    """Compare two records of benchmarks, builds or cells of studies, metric by metric, with intervals from raw times.

    A limit of ``fail_on`` that is broken is no error here: it is in the record's ``limits``.

    Args:
        a: The record to compare with: in memory, a JSON file, or the beginning of its id in the store.
        b: The record that is judged, likewise.
        fail_on: What B must keep, as ``acc_drop>0.5`` or ``p50>5%,size>2MB``.
        allow: What may differ: ``device``, ``governor``, ``runtime``, ``accelerator``, ``threads``, ``mode``,
            ``taken``, ``data``, ``budget``.
        files: Compare these files alone, by their names in B. Default: all that both have.
        store: Where ids are looked up. Default: the user's store.

    Raises:
        InputError: One is no record, the two are not comparable, or a limit is on what was not measured.
    """
    asked = [each for text in ([fail_on] if isinstance(fail_on, str) else fail_on) for each in limits.parse(text)]
    first, second = _given(a, "A", store), _given(b, "B", store)
    return room.compare(first, second, limits=asked, allow=allow, files=files)


def _given(record: Published | StrPath, letter: str, store: str | None) -> room.Given:
    if isinstance(record, Published):
        return letter, checksum(record.to_json()), record
    found = kinds.load(os.fspath(record), store)
    return found.name, found.id, found.record
