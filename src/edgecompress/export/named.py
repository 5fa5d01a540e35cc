"""The proof of a file of several inputs or outputs: each by its name, in its runtime, in a process of its own."""

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgecompress.errors import CheckError
from edgecompress.export.verify import OutputCheck, Verification, bit_identical, compare_outputs
from edgecompress.formats import find
from edgecompress.isolated.outputs import Array, outputs


@dataclass(frozen=True)
class Named:
    """What a file is proved against.

    Attributes:
        inputs: by name, (N, channels, ...), in the types that the file takes.
        expected: outputs by name, of the same samples.
        as_it_is: whether a TFLite file has its axes in this order too, as files of other tools may.
    """

    inputs: Mapping[str, Array]
    expected: Mapping[str, Array]
    as_it_is: bool = False


def verify_named(
    path: Path, reference: Named, *, relative_tolerance: float, weights: Mapping[str, Array] | None
) -> Verification:
    """Prove ``path``: every output within the tolerance of the reference's, and its weights bit by bit.

    Raises:
        CheckError: it does not run, an output is missing or differs, or a weight does.
    """
    produced = outputs(path, reference.inputs, as_it_is=reference.as_it_is)
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
    kind = find.of_suffix(path) or find.of_file(path)
    worst = max(checks, key=lambda check: check.largest_difference)
    return Verification(
        runtime=kind.runtime,
        version=importlib.metadata.version(kind.package),
        outputs=worst.model_copy(update={"argmax_agreement": min(check.argmax_agreement for check in checks)}),
        identical_weights=None if weights is None else bit_identical(path, weights),
    )
