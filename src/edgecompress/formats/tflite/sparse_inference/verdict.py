"""Decide if sparse inference takes a graph, and if what it then computes is right, from the graph alone.

On the safe side: a graph that this calls on or off was never seen to compute anything wrong, and of those that it calls
unsafe some would be right.
"""

from typing import Any, Literal

from pydantic import Field

from edgecompress.formats.tflite.sparse_inference import view
from edgecompress.formats.tflite.sparse_inference.run import EXITS, OperatorRun, find_run, is_entry
from edgecompress.formats.tflite.sparse_inference.view import Net
from edgecompress.record import Record

State = Literal["on", "off", "unsafe"]

# XNNPACK's limit: more than two thirds of the weights of all 1x1 convolutions of a run together.
LEAST_ZEROS = 2 / 3


class SparseInference(Record):
    """The verdict on a file: what sparse inference does with it on a processor without AVX."""

    state: State = Field(
        description="on: it takes the file, and computes what it should; off: it leaves it alone; unsafe: its numbers"
        " can be wrong"
    )
    reason: str = Field(description="why")
    zeros: float | None = Field(default=None, description="share of zeros among the weights whose zeros it skips")
    proof: Literal["graph", "emulated", "native"] = Field(
        default="graph",
        description="how that was made sure: from the operators alone; or the file was run on a processor without AVX, "
        "emulated or this machine's own, and gave what the runtime's builtin kernels give",
    )
    may_run: bool = Field(default=False, exclude=True, description="whether something in it could begin a run")


def judge(net: Net) -> SparseInference:
    """The verdict on a graph."""
    if not net.has_densify:
        return SparseInference(state="off", reason="no operator reads a sparse weight")
    if not any(node.code in EXITS for node in net.nodes):
        return SparseInference(state="off", reason="nothing averages a map, which is how a run of sparse kernels ends")
    if not any(is_entry(net, node) for node in net.nodes):
        return SparseInference(
            state="off", reason="no 3x3 convolution of 3 channels, stride 2, padded by 1 on every side begins a run"
        )
    run = find_run(net)
    if not run.entries:
        return SparseInference(state="off", reason="what follows the first convolution is in no run of sparse kernels")
    verdict = _judge_run(net, run)
    return verdict.model_copy(update={"may_run": True})


def _judge_run(net: Net, run: OperatorRun) -> SparseInference:
    if all(zeros <= LEAST_ZEROS * elements for zeros, elements in net.zeros.values()):
        return SparseInference(state="off", reason="no layer is more than two thirds zeros")
    if run.broken:
        return SparseInference(state="unsafe", reason=run.broken)
    share = _share_of_zeros(net, run)
    if share <= LEAST_ZEROS:
        return SparseInference(
            state="off", reason="its 1x1 convolutions are not more than two thirds zeros", zeros=share
        )
    return SparseInference(
        state="on", reason=f"{len(run.inner)} operators from the first convolution on run channels first", zeros=share
    )


def remark(verdict: SparseInference) -> str:
    """The remark for a user on a file with this verdict, in a sentence; empty where it is off."""
    if verdict.state == "unsafe":
        return (
            "on processors without AVX, as all of Arm are, LiteRT can compute wrong numbers from this file, without a "
            f"message: {verdict.reason}; cure it: edgecompress pack FILE -o OUTPUT"
        )
    if verdict.state == "on":
        shown = {"graph": "by its graph", "emulated": "on an emulated one", "native": "on this one"}[verdict.proof]
        return (
            f"on processors without AVX, as all of Arm are, LiteRT skips zeros: {verdict.reason}, "
            f"{100 * (verdict.zeros or 0):.0f} % zeros (shown {shown})"
        )
    return ""


def judge_model(model: Any) -> SparseInference:
    """The verdict on a file's ``ModelT``: the worst of its subgraphs.

    Raises:
        LookupError, TypeError, AttributeError, ValueError: the tables do not fit each other.
    """
    found = [judge(view.of_model(model, number)) for number in range(len(model.subgraphs or []))]
    order: tuple[State, ...] = ("unsafe", "on", "off")
    return min(found, key=lambda verdict: order.index(verdict.state))


def _share_of_zeros(net: Net, run: OperatorRun) -> float:
    """Zeros among the weights of a run's 1x1 convolutions; 0 where there are none."""
    of_run = [net.nodes[place].inputs[1] for place in run.inner if net.nodes[place].code == "CONV_2D"]
    elements = sum(net.zeros[weight][1] for weight in of_run)
    return sum(net.zeros[weight][0] for weight in of_run) / max(1, elements)
