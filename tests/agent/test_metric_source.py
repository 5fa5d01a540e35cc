import sys

import numpy as np
import pytest

from edgecompress.agent.errors import JobError
from edgecompress.agent.metric_source import arranged, load, names, value


@pytest.fixture
def function(tmp_path):
    def make(text, name="far"):
        (tmp_path / "metric.py").write_bytes(text.encode() if isinstance(text, str) else text)
        return load(tmp_path / "metric.py", name)

    return make


def test_outputs_are_arranged_as_the_network_gives_them():
    assert arranged(0, ["a"]) == "a"
    assert arranged({"boxes": [0, {"score": 2}], "mask": 1}, "abc") == {"boxes": ("a", {"score": "c"}), "mask": "b"}
    layout = {"boxes": ["a", {"score": "c"}], "mask": "b"}
    assert arranged(layout, {"a": 0, "b": 1, "c": 2}) == {"boxes": (0, {"score": 2}), "mask": 1}
    assert list(names(layout)) == ["a", "c", "b"]
    with pytest.raises(JobError, match="a layout has names of outputs"):
        list(names({"a": 3}))


def test_a_source_may_have_functions_and_classes_of_its_own(function):
    found = function(
        "from dataclasses import dataclass\nimport numpy as np\n\n"
        "@dataclass\nclass Largest:\n    by: int\n\n    def of(self, x):\n        return self.by * np.abs(x).max()\n\n"
        "def far(outputs, targets):\n    return Largest(2).of(outputs - targets)\n"
    )
    assert value(found, "y", {"y": np.array([1.0, -3.0])}, np.zeros(2)) == 6.0
    assert not any(name.endswith("metric.py") for name in sys.modules)


def test_the_encoding_that_a_source_claims_does_not_change_what_runs(function):
    assert function("# -*- coding: utf-7 -*-\n# +AAo-far = None\ndef far(*_): return 1\n") is not None
    with pytest.raises(JobError, match=r"metric\.py raised UnicodeDecodeError"):
        function(b"# -*- coding: latin-1 -*-\nname = '\xe4'\ndef far(*_): return 1\n")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("def far(:", "metric.py raised SyntaxError: "),
        ("1 / 0", "metric.py raised ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "metric.py raised SystemExit: 3"),
        ("far = 3", "metric.py has no function 'far'"),
        ("def near(): pass", "metric.py has no function 'far'"),
    ],
)
def test_a_source_that_does_not_run_is_one_line(function, text, line):
    with pytest.raises(JobError) as error:
        function(text)
    assert str(error.value).startswith(line) and "\n" not in str(error.value)


def test_a_value_is_one_finite_number():
    assert value(lambda out, _: out.sum(), 0, [np.ones((2, 2), np.float32)], None) == 4.0
    for wrong, line in (
        (lambda *_: 1 / 0, "the metric raised ZeroDivisionError: division by zero"),
        (lambda *_: sys.exit(1), "the metric raised SystemExit: 1"),
        (lambda *_: np.zeros(3), "the metric raised TypeError: "),
        (lambda *_: float("inf"), "the metric is inf"),
    ):
        with pytest.raises(JobError) as error:
            value(wrong, 0, [None], None)
        assert str(error.value).startswith(line)
