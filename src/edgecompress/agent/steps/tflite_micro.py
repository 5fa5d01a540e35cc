"""Tflite_micro: a TFLite file in TensorFlow Lite Micro, beside LiteRT's reference kernels."""

from __future__ import annotations

import numpy as np

from .. import inputs
from ..engines import litert_engine
from ..engines.contract import Array
from ..engines.tflite_micro_engine import RUNTIME, MicroInterpreter
from ..errors import JobError, RuntimeRefusedError, first_line
from ..events import Events
from ..job import Job
from .outputs import write


def tflite_micro(job: Job, events: Events) -> None:
    """Run every row of ``x`` in TensorFlow Lite Micro, and the first of them in LiteRT's reference kernels too.

    Job: ``file``, of one input and one output, with a batch of 1; ``inputs``, an npz file with ``x`` (samples,
    channels, ...); ``output``, the npz file to write: ``y`` and ``reference``, float32, one row a sample; ``layout``;
    ``reference``, the file that LiteRT runs (default: the same); ``compare``, the number of rows for that. Event:
    ``tflite_micro`` with the rows of both, the runtime, its version, ``arena`` and ``persistent`` in bytes.
    """
    file, given, target, layout = job.file("file"), job.file("inputs"), job.path("output"), job.layout()
    compare, compared = job.count("compare"), job.file("reference") if job.has("reference") else file
    job.finish()
    x = inputs.to_layout(inputs.read_array(given, inputs.ONLY).astype(np.float32), layout)
    made = MicroInterpreter(file)
    reference = litert_engine.interpreter(compared, reference=True)
    reference.allocate_tensors()
    (taken,), (put,) = reference.get_input_details(), reference.get_output_details()
    if tuple(taken["shape"]) != (1, *x.shape[1:]):
        raise JobError(f"a sample of shape {x.shape[1:]} ({layout}) does not fit {file.name}: {taken['shape'][1:]}")

    def by_reference(row: Array) -> Array:
        reference.set_tensor(taken["index"], row)
        reference.invoke()
        produced: Array = reference.get_tensor(put["index"])
        return produced

    found, expected = [], []
    try:
        for place in range(len(x)):
            row = np.ascontiguousarray(x[place : place + 1])
            found.append(made.run(row))
            if place < compare:
                expected.append(by_reference(row))
            events.progress(done=place + 1, total=len(x))
    except Exception as error:
        raise RuntimeRefusedError(f"{RUNTIME} fails in {file.name}: {first_line(error)}") from error
    write(target, {"y": np.concatenate(found), "reference": np.concatenate(expected)})
    events.emit(
        "tflite_micro",
        file=file.name,
        rows=len(found),
        compared=len(expected),
        arena=made.arena,
        persistent=made.persistent,
        runtime=RUNTIME,
        version=made.version,
    )
