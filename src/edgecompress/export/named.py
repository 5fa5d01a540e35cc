"""The proof of a file of several inputs or outputs: each by its name, in its runtime, in a process of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgecompress.errors import CheckError
from edgecompress.export.verify import (
    OutputCheck,
    Verification,
    bit_identical,
    compare_latency,
    compare_outputs,
)
from edgecompress.formats import find
from edgecompress.formats.contract import Layout
from edgecompress.isolated.outputs import Array, run


@dataclass(frozen=True)
class Named:
    """The inputs and outputs that a file is proved against.

    Attributes:
        inputs: by name, (N, channels, ...), in the types that the file takes.
        expected: outputs by name, of the same samples.
        as_it_is: whether a TFLite file has its axes in this order too, as files of other tools may.
        dense: the dense file of the same format, to compare the latency with; ``None``: there is none.
        narrower: as ``verified.Reference`` has it.
    """

    inputs: Mapping[str, Array]
    expected: Mapping[str, Array]
    as_it_is: bool = False
    dense: Path | None = None
    narrower: bool = False


def verify_named(
    path: Path,
    reference: Named,
    *,
    relative_tolerance: float,
    weights: Mapping[str, Array] | None,
    latency_limit: float | None = None,
) -> Verification:
    """Prove ``path``: every output within the tolerance of the reference's, its weights bit by bit, and its latency.

    ``latency_limit`` is as for ``verify.verify``, where the reference has a dense file.

    Raises:
        CheckError: it does not run, an output is missing or differs, a weight does, or it is slower than the limit.
        InputError: the runtime is not installed, or the inputs do not fit the file.
    """
    kind = find.of_suffix(path) or find.of_file(path)
    layout: Layout = "channels_first" if reference.as_it_is else kind.layout
    ran = run(path, reference.inputs, layout=layout, batch=kind.batch)
    produced = ran.arrays
    checks: list[OutputCheck] = []
    for name, wanted in reference.expected.items():
        if name not in produced:
            raise CheckError(f"{path}: it has no output '{name}' (it has {', '.join(produced)})")
        flat = (np.asarray(each, np.float32).reshape(len(each), -1) for each in (produced[name], wanted))
        made, expected = flat
        checks.append(
            compare_outputs(
                path, made, expected, absolute_tolerance=relative_tolerance, relative_tolerance=relative_tolerance
            )
        )
    worst = max(checks, key=lambda check: check.largest_difference)
    return Verification(
        runtime=ran.runtime,
        version=ran.version,
        outputs=worst.model_copy(update={"argmax_agreement": min(check.argmax_agreement for check in checks)}),
        identical_weights=None if weights is None else bit_identical(path, weights),
        latency=None if reference.dense is None else compare_latency(path, reference.dense, limit=latency_limit),
    )
