"""The proof that a rewritten .tflite file computes what its source does: bit by bit, in processes of their own."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from edgecompress.equivalence import prove as equivalence
from edgecompress.equivalence.attempts import Attempt
from edgecompress.equivalence.proof import Proof
from edgecompress.equivalence.random_inputs import AGAIN, Array
from edgecompress.formats.tflite import random_outputs
from edgecompress.formats.tflite.sparse_inference import emulated
from edgecompress.formats.tflite.sparse_inference.verdict import SparseInference

_MODES = {"LiteRT": [], "LiteRT without XNNPACK": [random_outputs.NO_DELEGATE]}


def prove(
    source: Path,
    packed: bytes,
    target: Path,
    *,
    tries: Sequence[Attempt] = (Attempt(shapes={}),),
    hint: str = "",
    given: bool = False,
) -> tuple[Proof, SparseInference]:
    """Compare the outputs of ``packed``, which is to be the file ``target``, with those of ``source``.

    ``given``: that file was given, and was not made of ``source`` here.

    Both are run in LiteRT, with its default delegate and without; what sparse inference makes of the packed file is
    seen to be the same too. On a processor that has it (``emulated.sparse_inference_runs_here``), a file that it takes
    is compared with the builtin kernels instead, within the tolerance of sums in another order. ``tries`` and ``hint``
    as for ``equivalence.prove.prove``.

    Raises:
        SparseInferenceError: the packed file computes something else, or does not load, with sparse inference alone.
        CheckError: the packed file does not load or run where the source does, or an output differs in a bit.
    """
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        file = Path(folder) / "packed.tflite"
        file.write_bytes(packed)
        proofs = [
            equivalence.prove(
                equivalence.Files(source, target, runtime, packed=not given),
                lambda tries, options=options: _run(source, tries, AGAIN, *options),  # type: ignore[misc]
                lambda tries, options=options: _run(file, tries, *options),  # type: ignore[misc]
                _same,
                tries=tries,
                hint=hint,
            )
            for runtime, options in _MODES.items()
            # Else this processor's sparse kernels would be compared: emulated.prove does that.
            if options or not _takes_sparse_kernels(source, file)
        ]
        proof = _of_all(proofs)
        return proof, emulated.prove(file, named=target, shapes=proof.inputs, runs=bool(proof.compared))


def _of_all(proofs: Sequence[Proof]) -> Proof:
    """The proof of all ways to run a file together: the outputs that any compared, and why any did not."""
    ran = [proof for proof in proofs if proof.compared] or list(proofs)
    return ran[0].model_copy(update={"reason": next((each.reason for each in proofs if each.reason), "")})


def _takes_sparse_kernels(*files: Path) -> bool:
    return emulated.sparse_inference_runs_here() and any(emulated.judged(each).may_run for each in files)


def _run(file: Path, tries: Sequence[Attempt], *how: str) -> equivalence.ProofRun:
    return equivalence.run(random_outputs.__name__, file, tries, *how)


def _same(expected: Array, produced: Array) -> bool:
    return (expected.dtype, expected.shape) == (produced.dtype, produced.shape) and (
        expected.tobytes() == produced.tobytes()
    )
