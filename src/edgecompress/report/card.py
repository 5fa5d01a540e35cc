"""The model card: the bundle's README, made from its manifest alone (Mitchell et al., "Model Cards", FAT* 2019)."""

from pathlib import Path

from edgecompress.compress.record import StageResult, structured
from edgecompress.export.kinds import COMPRESSED
from edgecompress.formats import find
from edgecompress.manifest import End, Manifest
from edgecompress.report import microcontroller
from edgecompress.report.summary import MOST_VALUES, on_processor


def card(manifest: Manifest) -> str:
    """The model card as Markdown."""
    return (
        "\n\n".join(
            [
                _title(manifest),
                _use(manifest),
                _results(manifest),
                *_lead(manifest),
                *_front(manifest),
                _stages(manifest),
                _files(manifest),
                _provenance(manifest),
            ]
        )
        + "\n"
    )


def _title(manifest: Manifest) -> str:
    model, data = manifest.model, manifest.data
    rebuilt = manifest.recipe.reconstruct
    how = "pruning, retraining and clustering"
    if rebuilt is not None:
        how = f"pruning and clustering without training, reconstructing outputs on {rebuilt.inputs} inputs"
    elif not data.classes:
        how = "pruning and clustering weights by themselves, without training or inputs"
    how = how if manifest.ratios.macs is None else f"removing channels, {how}"
    on = f"on {data.name}" if data.test else "without data"
    of = f"{data.name} ({len(data.classes)} classes)" if data.classes else data.name if data.test else "no data"
    source = f" The network is {model.source}." if model.source else ""
    text = (
        f"# {model.name} {on}, for {manifest.target.title}\n\n"
        f"{model.parameters:,} parameters, {of}, compressed by {how}.{source} "
        f"Made by edgecompress {manifest.tool_version} on {manifest.created}."
    )
    return text if data.official else f"{text}\n\n**The data are not the official files: {data.note}.**"


def _use(manifest: Manifest) -> str:
    if manifest.model.inputs and not manifest.data.classes:
        return _use_by_name(manifest)
    shape = "x".join(map(str, manifest.model.input_shape))
    rows = [
        f"- `{name}` ({file.runtime}): input `batch x {shape}` float32"
        + (", channels last" if file.input_layout == "channels_last" else "")
        for name, file in manifest.models.items()
        if file.kind in COMPRESSED
    ]
    taken = "with channels first" if manifest.target.is_microcontroller else "as `model.onnx` takes them"
    return (
        "## Use\n\n"
        + "\n".join(rows)
        + f"\n\nThe output is one score a class, in the order: {', '.join(manifest.data.classes)}. `eval.npz` holds "
        f"test inputs `x` {taken} (standardised) and their classes `y`. The files run in an "
        "unmodified runtime; edgecompress is not needed on the device."
    )


def _use_by_name(manifest: Manifest) -> str:
    """The section on use of a network whose outputs are no scores of classes."""

    def ends(which: list[End]) -> str:
        shapes = (f"`{each.name}`: batch x {'x'.join(map(str, each.shape)) or '1'} {each.dtype}" for each in which)
        return "; ".join(shapes)

    files = [name for name, file in manifest.models.items() if file.kind == "compressed"]
    return (
        f"## Use\n\n{', '.join(f'`{name}`' for name in files)}, each in its own runtime.\n\n"
        f"- inputs: {ends(manifest.model.inputs)}\n- outputs: {ends(manifest.model.outputs)}\n\n"
        "In TFLite files the batch is 1, and channels come last where there are more than two axes. `eval.npz` holds "
        f"inputs by name, or as `x` where there is one{_targets(manifest)}. The files run in an unmodified runtime; "
        "edgecompress is not needed on the device."
    )


def _targets(manifest: Manifest) -> str:
    judged = manifest.judged
    return f", and their targets as `{judged.evaluation.targets}`" if judged and judged.evaluation else ""


def _results(manifest: Manifest) -> str:
    ratios = manifest.ratios
    return (
        "## Results\n\n"
        f"| | dense | compressed |\n|---|---|---|\n"
        f"{_judged(manifest)}\n"
        f"{_ratios(manifest)}"
        f"| weights kept | all | one in {ratios.weights:.1f} |\n"
        f"{_structure(manifest)}\n"
        f"{_int8(manifest)}{_float16(manifest)}"
        f"File sizes count everything: indices, codebooks, biases and graph. {_not_measured(manifest)}"
    )


def _not_measured(manifest: Manifest) -> str:
    """The closing sentence: no figure is the board's."""
    found = microcontroller.sentences(manifest)
    if not found:
        return "Nothing here was measured on the board; `edgecompress bench` measures."
    return "\n\n".join([*found, "Nothing here was measured on the board."])


def _front(manifest: Manifest) -> list[str]:
    """The rates that were tried until more than the allowed drop would have been lost."""
    if not manifest.front:
        return []
    rows = [
        f"| {number} | {point.rate:g} | {point.bytes:,} | {100 * point.sparsity:.1f} % | "
        f"{point.validation_accuracy:.2f} % | {point.drop.points:.2f} ({point.drop.low:.2f} to {point.drop.high:.2f}) |"
        for number, point in enumerate(manifest.front, start=1)
    ]
    counted = "bytes in flash" if manifest.target.is_microcontroller else "bytes (ONNX)"
    head = f"| | bits a weight | {counted} | zeros | validation accuracy | drop to the dense network, 95 % interval |"
    return [
        "## What was tried\n\n"
        "Rates, each trained from the same pruned weights, until more than the allowed drop would have been lost. The "
        "same command with `--from-front N` in place of `--max-drop` takes another of them without training.\n\n"
        + "\n".join([head, "|---|---|---|---|---|---|", *rows])
    ]


def _judged(manifest: Manifest) -> str:
    """The row of the accuracy, or of how near the outputs are where there are no classes."""
    own = ""
    if manifest.judged is not None:
        found = manifest.judged
        better = f"; {found.better} is better" if found.better else ""
        own = f"| {found.metric} ({found.samples} samples{better}) | {found.dense:.5g} | {found.compressed:.5g} |\n"
    return own + _compared(manifest)


def _compared(manifest: Manifest) -> str:
    accuracy, near = manifest.accuracy, manifest.fidelity
    if accuracy is not None:
        return f"| test accuracy ({accuracy.samples} samples) | {accuracy.dense:.2f} % | {accuracy.compressed:.2f} % |"
    assert near is not None, "a build without classes compares outputs"
    of = "inputs" if near.inputs == "given" else "inputs of noise"
    return f"| outputs, root mean square ({near.samples} {of}) | | off by {100 * near.relative_error:.2f} % |"


def _ratios(manifest: Manifest) -> str:
    """A row for each format that the network has a form in."""
    return "".join(
        f"| {each.title} file | {_size(manifest, f'dense.{each.name}')} | {_size(manifest, f'model.{each.name}')} "
        f"({manifest.ratios.files[each.name]:.1f}x smaller) |\n"
        for each in find.of_profiles()
        if each.name in manifest.ratios.files
    )


def _structure(manifest: Manifest) -> str:
    """The row of structured pruning, if there was any."""
    details = structured(manifest.stages)
    if details is None:
        return ""
    fewer = f"{details.macs_after:,} ({details.macs_ratio:.1f}x fewer)"
    return f"| multiply-accumulates a sample | {details.macs_before:,} | {fewer} |\n"


def _int8(manifest: Manifest) -> str:
    """A table of the int8 files, if there are any, and how they were made."""
    dense = {file.runtime: file.bytes for file in manifest.models.values() if file.kind == "dense"}
    rows = "\n".join(
        f"| `{name}` | {file.bytes:,} bytes{_times(dense.get(file.runtime), file.bytes)} "
        f"| {file.accuracy.percent:.2f} % of {file.accuracy.samples} | {100 * agreement:.1f} % of {samples} |"
        for name, file in manifest.models.items()
        if file.accuracy
        for agreement, samples in [(file.verification.outputs.argmax_agreement, file.verification.outputs.samples)]
    )
    if not rows:
        return ""
    calibrated = min(manifest.recipe.export.int8_samples, manifest.data.train)
    return (
        "| int8 file | size | test accuracy, in its runtime | answers that are the network's |\n|---|---|---|---|\n"
        f"{rows}\n\nint8 files round weights and activations; {calibrated} training inputs calibrated them.\n\n"
    )


def _times(dense: int | None, size: int) -> str:
    """The ratio of sizes to the dense file, which a microcontroller's bundle does not have."""
    return "" if dense is None else f" ({dense / size:.1f}x smaller)"


def _float16(manifest: Manifest) -> str:
    """A list of the files that compute in float16, if there are any."""
    rows = "\n".join(
        f"- `{name}`: {file.bytes:,} bytes; {on_processor(file.on_processor)}"
        for name, file in manifest.models.items()
        if file.on_processor
    )
    if not rows:
        return ""
    what = "Files that compute in float16 where the processor can, and in float32 elsewhere: values depend on it."
    return f"{what}\n\n{rows}\n\n"


def _lead(manifest: Manifest) -> list[str]:
    """The file to take, and what it was chosen from."""
    lead = manifest.lead
    if lead is None or manifest.target.is_microcontroller:
        return []
    rows = "\n".join(
        f"| `{name}` | {'-' if each.instructions is None else f'{each.instructions:,}'} | "
        f"{'-' if each.ratio is None else f'{each.ratio:.2f}'} | "
        f"{each.left_out or ('-' if each.drop is None else f'{each.drop:.2f}')} |"
        for name, each in lead.candidates.items()
    )
    note = f"Nothing was counted: {lead.note}. The ratios are a rule's. " if lead.note else ""
    return [
        f"## Leads on {manifest.target.title}\n\n`{lead.file}`: {lead.why}.\n\n"
        "| file | instructions of an inference | over its runtime's dense file | points of validation accuracy lost |\n"
        f"|---|---|---|---|\n{rows}\n\n{note}Instructions are estimates of work and no time; `edgecompress bench` "
        "measures."
    ]


def _metric(manifest: Manifest) -> str:
    """The heading of the column of the stages' accuracies."""
    own = next((stage.metric for stage in manifest.stages if stage.top_1 is None and stage.validation_accuracy), None)
    return "validation accuracy" if own is None else f"{own}, validation split"


def _worth(stage: StageResult) -> str:
    if stage.top_1 is None and stage.validation_accuracy is not None:
        return f"{stage.validation_accuracy:.5g}"
    return _percent(stage.top_1)


def _stages(manifest: Manifest) -> str:
    rows = "\n".join(
        f"| {stage.stage} | {stage.epochs} | {_worth(stage)} | {100 * stage.sparsity:.2f} % "
        f"| {stage.distinct_max if stage.distinct_max <= MOST_VALUES else 'any'} |"
        for stage in manifest.stages
    )
    return (
        f"## Stages\n\n| stage | epochs | {_metric(manifest)} | zeros | distinct values a layer |\n"
        "|---|---|---|---|---|\n"
        f"{rows}\n\nThis build used the test set once, for the figures above. Seed {manifest.recipe.seed}; the whole "
        "recipe is in `manifest.json`."
    )


def _files(manifest: Manifest) -> str:
    every = {name: (file.bytes, f"{file.kind} model for {file.runtime}") for name, file in manifest.models.items()}
    every |= {name: (file.bytes, file.what) for name, file in manifest.files.items()}
    rows = "\n".join(f"| `{name}` | {size:,} | {what} |" for name, (size, what) in every.items())
    compressed = [Path(name) for name, file in manifest.models.items() if file.kind == "compressed"]
    last = "".join(
        f"\n\n`{file}` is packed, which is the last step: quantise, convert and simplify `dense{file.suffix}`, or what "
        f"`edgecompress unpack {file} -o plain{file.suffix}` writes."
        for file in compressed
        if find.has_decoders(file)
    )
    return f"## Files\n\n| file | bytes | what |\n|---|---|---|\n{rows}{last}"


def _provenance(manifest: Manifest) -> str:
    data = manifest.data
    if data.note.startswith("the user's own"):
        files, scaled = data.note, _scaled(manifest)
    else:
        files, scaled = "official files" if data.official else "not the official files", ""
    if not data.test:
        files = data.note
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    return (
        f"## Provenance\n\nData: {data.train} training, {data.validation} validation, {data.test} test samples, "
        f"{files}, SHA-256 {data.sha256 or 'of nothing'}. {scaled}"
        f"Software: {versions}."
    )


def _scaled(manifest: Manifest) -> str:
    """The scaling of raw samples to inputs."""
    data = manifest.data
    if not data.mean:
        return ""
    numbers = (", ".join(f"{each:.6g}" for each in values) for values in (data.mean, data.std))
    return "Inputs are (raw - mean) / deviation, with mean {} and deviation {} of each channel. ".format(*numbers)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} %"


def _size(manifest: Manifest, name: str) -> str:
    return f"{manifest.models[name].bytes:,} bytes"
