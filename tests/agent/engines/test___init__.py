from pathlib import Path

import pytest

from edgecompress.agent import engines
from edgecompress.agent.errors import JobError


def test_the_suffix_chooses_the_runtime(files):
    assert engines.load(files["onnx"][0], 1).runtime == "onnxruntime"
    assert engines.load(files["tflite"][0], 1).runtime == "litert"


def test_other_files_are_refused():
    with pytest.raises(JobError, match=r"no runtime is known for m\.pt; its name must end in \.onnx or \.tflite"):
        engines.prepare(Path("m.pt"))
