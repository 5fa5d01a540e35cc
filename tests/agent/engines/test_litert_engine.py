import importlib.metadata

import numpy as np
import pytest

from edgecompress.agent.engines.litert_engine import load
from edgecompress.agent.errors import JobError, RuntimeRefusedError


def test_it_computes_the_model_and_tells_what_it_is(files, x, expected):
    engine = load(files["tflite"][0], 1, 1)
    assert (engine.runtime, engine.version) == ("litert", importlib.metadata.version("ai-edge-litert"))
    assert (engine.input_shape, engine.input_dtype) == ((1, 2, 4, 3), "float32")
    assert engine.details == {"delegates": ["XNNPACK"]}
    first = np.ascontiguousarray(np.moveaxis(x[:1], 1, -1))
    np.testing.assert_allclose(engine.run(first), expected[:1], rtol=1e-5, atol=1e-5)


def test_an_output_stays_what_it_was_when_the_next_one_is_computed(files, x):
    engine = load(files["tflite"][0], 1, 1)
    rows = np.ascontiguousarray(np.moveaxis(x, 1, -1))
    first = engine.run(rows[:1])
    kept = first.copy()
    engine.run(rows[1:2])
    assert np.array_equal(first, kept)


def test_a_fixed_batch_and_a_corrupt_file_are_refused(files, tmp_path):
    with pytest.raises(JobError, match='takes batches of 1 and no other; set "batch": 1'):
        load(files["tflite"][0], 1, 4)
    (tmp_path / "m.tflite").write_bytes(b"\0" * 100)
    with pytest.raises(RuntimeRefusedError, match=r"^litert does not load m\.tflite: .+$"):
        load(tmp_path / "m.tflite", 1, 1)
