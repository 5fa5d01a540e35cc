"""The source that a user is shown is the one that the manifest means, byte for byte."""

import hashlib
from pathlib import Path

import pytest

from edgecompress.bench.consent import metric_source
from edgecompress.errors import InputError
from edgecompress.manifest import Evaluation, Judged, Manifest, PlainFile

MANIFEST = Path(__file__).parents[2] / "results" / "alexnet-digits" / "manifest.json"
SOURCE = b"def error(outputs, targets):\n    return 0\n"


def judged_by(**changes):
    evaluation = Evaluation(spec="nets/mine.py:error", source_sha256="0" * 64, targets="y", layout=0, **changes)
    manifest = Manifest.from_file(MANIFEST)
    file = PlainFile(bytes=1, sha256="0" * 64, what="the metric")
    judged = Judged(metric="error", samples=3, dense=1, compressed=1, evaluation=evaluation)
    return manifest.model_copy(update={"judged": judged, "files": {**manifest.files, "metric.py": file}})


def test_it_is_read_once_with_its_function_and_checksum(tmp_path):
    (tmp_path / "metric.py").write_bytes(SOURCE)
    found = metric_source(judged_by(source="metric.py"), tmp_path)
    (tmp_path / "metric.py").unlink()
    assert (found.path, found.function, found.content) == (tmp_path / "metric.py", "error", SOURCE)
    assert found.sha256 == hashlib.sha256(SOURCE).hexdigest()
    assert found.lines == ["def error(outputs, targets):", "    return 0", ""]


def test_what_claims_another_encoding_is_shown_as_it_runs(tmp_path):
    (tmp_path / "metric.py").write_bytes(b"# -*- coding: utf-7 -*-\n# +AAo-import os\n\xff")
    lines = metric_source(judged_by(source="metric.py"), tmp_path).lines
    assert lines == ["# -*- coding: utf-7 -*-", "# +AAo-import os", r"\xff"]


@pytest.mark.parametrize(
    ("manifest", "line"),
    [
        (Manifest.from_file(MANIFEST), "has no metric that a device could run; leave --run-metric out"),
        (
            judged_by(host_only="mine.py imports torch"),
            r"no device can run nets/mine\.py:error: mine\.py imports",
        ),
        (judged_by(), "its build is of before there was a choice; without --run-metric the host judges"),
        (judged_by(source="../../etc/passwd"), r"has no file \.\./\.\./etc/passwd; build the bundle again"),
    ],
)
def test_a_bundle_without_one_says_why(tmp_path, manifest, line):
    with pytest.raises(InputError, match=line):
        metric_source(manifest, tmp_path)


def test_a_source_that_is_missing_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"has no file metric\.py; build the bundle again"):
        metric_source(judged_by(source="metric.py"), tmp_path)
