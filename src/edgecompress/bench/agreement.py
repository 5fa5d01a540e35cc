"""Check that a file computes on a device what it computes here."""

from edgecompress.bench.records import FileResult

OUTPUTS = "outputs"
"""The step that a failure of this kind is recorded under."""
TOLERANCE = 1e-2
"""Of the outputs' spread. Sums in another order move outputs by 1e-6 of it, arithmetic in float16 by 1e-3."""
_CAUSE = {
    "litert": "LiteRT has other kernels on processors without AVX, and those for sparse weights give wrong values for "
    "some networks ('edgecompress docs runtimes'): do not use this file there; build it anew, or take the dense one",
    "onnxruntime": "onnxruntime computes something else there: do not use this file with this release on this board",
}


def disagreement(result: FileResult, spread: float | None, proved: tuple[float, float] | None = None) -> str | None:
    """The reason why a file's answers on a device are not to be trusted; ``None``: there is none.

    Args:
        result: With the largest difference of an output to the reference.
        spread: From the reference's lowest output to its highest. ``None``: there is no reference.
        proved: The tolerance that the file was proved with, absolute and relative to an output's magnitude: one whose
            weights were rounded may be off by twice that.

    A file that computes in int8 rounds differently from processor to processor, and is judged by its accuracy.
    """
    compared = result.accuracy or result.metric
    if spread is None or compared is None or compared.largest_difference is None or "int8" in result.kind:
        return None
    absolute, relative = proved or (0.0, 0.0)
    if compared.largest_difference <= max(TOLERANCE * spread, 2 * (absolute + relative * spread)):
        return None
    share = compared.largest_difference / spread if spread else float("inf")
    return f"wrong by {share:.2g} of the outputs' spread, beside this machine's. {_CAUSE[result.runtime]}"
