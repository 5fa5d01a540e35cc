"""The summary that build prints: each stage's accuracy, the size of each file, and what to do next."""

import textwrap
from pathlib import Path

from edgecompress.compress.details import ClusterDetails
from edgecompress.compress.record import StageResult
from edgecompress.estimate.records import OnProcessor
from edgecompress.export.verify import Verification
from edgecompress.manifest import Manifest
from edgecompress.report.doubts import of_build


def summary(manifest: Manifest, folder: Path) -> str:
    """A few lines of plain text, at most 100 characters wide."""
    data = f"on {manifest.data.name}" if manifest.data.test else "without data"
    lines = [f"{manifest.model.name} {data} for {manifest.target.title}: {folder}"]
    if manifest.recipe_reason:
        lines.append(f"  recipe    {manifest.recipe_name}: {manifest.recipe_reason}")
    lines.append("")
    for stage in manifest.stages:
        values = f", at most {stage.distinct_max} distinct values a layer" if stage.distinct_max <= 257 else ""
        known = "" if stage.validation_accuracy is None else f"{_worth(stage)}, "
        lines.append(f"  {stage.stage:9} {known}{100 * stage.sparsity:5.1f} % zeros{values}")
    lines += _front(manifest)
    lines += ["", *(f"  test      {line}" for line in (*_by_metric(manifest), judged(manifest)))]
    lines += _judges(manifest)
    dense = {file.runtime: file for file in manifest.models.values() if file.kind == "dense"}
    width = max(13, *(len(name) for name in manifest.models))
    for name, file in manifest.models.items():
        if file.kind == "dense":
            continue
        base = dense[file.runtime].bytes
        lines.append(f"  {name:{width}} {file.bytes:>11,} bytes, {base / file.bytes:.1f}x smaller than {base:,}")
        container = manifest.files.get(f"{name}.ecz")
        packed = f"; {container.bytes:,} bytes as {name}.ecz" if container else ""
        lines.append(f"  {'':{width}} {file.ledger.entropy_bytes:>11,} bytes entropy bound of its weights{packed}")
        if file.accuracy:
            found = file.accuracy
            lines.append(
                f"  {'':{width}} {found.percent:>11.2f} % right of {found.samples} test samples, in its runtime"
            )
        if file.on_processor:
            lines.append(f"  {'':{width}} values depend on the processor: {on_processor(file.on_processor)}")
        lines.append(f"  {'':{width}} proved: {_proof(file.verification)}")
    lines.append(f"  weights kept: one in {manifest.ratios.weights:.1f} (the ratio that papers state)")
    if manifest.ratios.macs is not None:
        lines.append(f"  multiply-accumulates: one in {manifest.ratios.macs:.1f}")
    if manifest.lead is not None:
        lines += ["", f"Leads on {manifest.target.title}: {manifest.lead.file}"]
        note = f"nothing was counted: {manifest.lead.note}" if manifest.lead.note else ""
        for said in (manifest.lead.why, note):
            lines += textwrap.wrap(said, 98, initial_indent="  ", subsequent_indent="  ")
    for said in of_build(manifest):
        lines += ["", *textwrap.wrap(said, 98)]
    if any(file.memory.peak is not None for file in manifest.models.values()):
        lines += ["", f"Measure it: edgecompress bench {folder}"]
    return "\n".join(lines)


def _worth(stage: StageResult) -> str:
    """The validation accuracy of a stage, or its metric."""
    if stage.top_1 is not None:
        return f"validation accuracy {stage.top_1:6.2f} %"
    return f"{stage.metric} {stage.validation_accuracy:.5g}"


def _by_metric(manifest: Manifest) -> list[str]:
    """Both networks by a metric of the user's own, in one line if there is one."""
    own = manifest.judged
    if own is None:
        return []
    better = f"; {own.better} is better" if own.better else ""
    return [f"{own.metric}: dense {own.dense:.5g}, compressed {own.compressed:.5g} ({own.samples} samples{better})"]


def _judges(manifest: Manifest) -> list[str]:
    """The machine that takes the metric in benchmarks, this one or a board, and the reason, in a sentence."""
    evaluation = None if manifest.judged is None else manifest.judged.evaluation
    if evaluation is None or not (evaluation.source or evaluation.host_only):
        return []
    said = f"In benchmarks this machine judges: {evaluation.host_only}."
    if evaluation.source:
        said = f"In benchmarks a board can judge: bench --run-metric shows {evaluation.source} and runs it there."
    return textwrap.wrap(said, 98, initial_indent="  ", subsequent_indent="  ")


def _front(manifest: Manifest) -> list[str]:
    """The tried rates until accuracy fell too far, and how to take another of them."""
    if not manifest.front:
        return []
    lines = ["", "  front     bits a weight      bytes  zeros   validation, drop to the dense network (95 %)"]
    taken = next(told.rate_asked for stage in manifest.stages if isinstance(told := stage.details, ClusterDetails))
    for number, point in enumerate(manifest.front, start=1):
        mark = "  <- taken" if point.rate == taken else ""
        lines.append(
            f"  {number:5}     {point.rate:13.3g} {point.bytes:>10,} {100 * point.sparsity:5.1f} %"
            f"  {point.validation_accuracy:6.2f} %, {point.drop.points:.2f} ({point.drop.low:.2f} to "
            f"{point.drop.high:.2f}){mark}"
        )
    return [*lines, "  another of these, without training: the same command with --from-front N"]


def judged(manifest: Manifest) -> str:
    """The accuracies of both networks, or the distance of their outputs, in one line."""
    accuracy, near = manifest.accuracy, manifest.fidelity
    if accuracy is not None:
        drop = accuracy.dense - accuracy.compressed
        return (
            f"dense {accuracy.dense:.2f} %, compressed {accuracy.compressed:.2f} % "
            f"(drop {drop:.2f} points, {accuracy.samples} samples)"
        )
    assert near is not None, "a build without classes compares outputs"
    same = "" if near.agreement is None else f", {100 * near.agreement:.1f} % of the answers are the dense network's"
    inputs = "inputs that were not calibrated on" if near.inputs == "given" else "inputs of noise"
    return (
        f"outputs differ by {100 * near.relative_error:.1f} % of the dense network's{same}, on {near.samples} {inputs}"
    )


def on_processor(found: OnProcessor) -> str:
    """The outputs and accuracy of a file on the board's emulated processor, in one line."""
    if found.outputs is None:
        return f"they were not taken on the board's ({found.why_not})"
    checked, right = found.outputs, found.accuracy
    said = "" if right is None else f"{right.percent:.2f} % right of {right.samples} test samples, "
    return (
        f"on an emulated {found.processor} {said}{checked.samples} outputs off by at most "
        f"{checked.largest_difference:.1g}"
    )


def _proof(proof: Verification) -> str:
    """The checks that a file passed, in one line."""
    checked = proof.outputs
    if checked.least_agreement is None:
        said = [f"{checked.samples} outputs off by at most {checked.largest_difference:.1g}"]
    else:
        said = [f"{100 * checked.argmax_agreement:.1f} % of {checked.samples} answers are the network's"]
    if proof.identical_weights is not None:
        said.append(f"{proof.identical_weights} tensors bit by bit")
    if proof.latency is not None:
        ratio = proof.latency
        said.append(f"latency {ratio.ratio:.2f}x dense ({ratio.low:.2f} to {ratio.high:.2f}) on this machine")
    return ", ".join(said)
