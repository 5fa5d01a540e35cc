"""The model card: the bundle's README, made from its manifest alone (Mitchell et al., "Model Cards", FAT* 2019)."""

from edgecompress.bundle import Manifest


def card(manifest: Manifest) -> str:
    """The model card as Markdown."""
    return (
        "\n\n".join(
            [
                _title(manifest),
                _use(manifest),
                _results(manifest),
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
    how = (
        "pruning, retraining and clustering"
        if rebuilt is None
        else (f"pruning and clustering without training, reconstructing outputs on {rebuilt.inputs} inputs")
    )
    how = how if manifest.ratios.macs is None else f"removing channels, {how}"
    text = (
        f"# {model.name} on {data.name}, for {manifest.target.title}\n\n"
        f"{model.parameters:,} parameters, {data.name} ({len(data.classes)} classes), compressed by {how}. "
        f"Made by edgecompress {manifest.tool_version} on {manifest.created}."
    )
    return text if data.official else f"{text}\n\n**The data are not the official files: {data.note}.**"


def _use(manifest: Manifest) -> str:
    shape = "x".join(map(str, manifest.model.input_shape))
    rows = [
        f"- `{name}` ({file.runtime}): input `batch x {shape}` float32"
        + (", channels last" if file.input_layout == "channels_last" else "")
        for name, file in manifest.models.items()
        if file.kind in ("compressed", "int8")
    ]
    return (
        "## Use\n\n"
        + "\n".join(rows)
        + f"\n\nThe output is one score a class, in the order: {', '.join(manifest.data.classes)}. `eval.npz` holds "
        "test inputs `x` as `model.onnx` takes them (standardised) and their classes `y`. The files run in an "
        "unmodified runtime; edgecompress is not needed on the device."
    )


def _results(manifest: Manifest) -> str:
    accuracy, ratios = manifest.accuracy, manifest.ratios
    return (
        "## Results\n\n"
        f"| | dense | compressed |\n|---|---|---|\n"
        f"| test accuracy ({accuracy.samples} samples) | {accuracy.dense:.2f} % | {accuracy.compressed:.2f} % |\n"
        f"| ONNX file | {_size(manifest, 'dense.onnx')} | {_size(manifest, 'model.onnx')} "
        f"({ratios.onnx:.1f}x smaller) |\n"
        f"| TFLite file | {_size(manifest, 'dense.tflite')} | {_size(manifest, 'model.tflite')} "
        f"({ratios.tflite:.1f}x smaller) |\n"
        f"| weights kept | all | one in {ratios.weights:.1f} |\n"
        f"{_structure(manifest)}\n"
        f"{_int8(manifest)}"
        "File sizes count everything: indices, codebooks, biases and graph. Nothing here was measured on the board; "
        "`edgecompress bench` measures."
    )


def _structure(manifest: Manifest) -> str:
    """The row of structured pruning, if there was any."""
    for stage in manifest.stages:
        if stage.stage == "structure":
            before, after = int(stage.details["macs_before"]), int(stage.details["macs_after"])
            return f"| multiply-accumulates a sample | {before:,} | {after:,} ({before / after:.1f}x fewer) |\n"
    return ""


def _int8(manifest: Manifest) -> str:
    """A table of the int8 files, if there are any, and how they were made."""
    dense = {file.runtime: file.bytes for file in manifest.models.values() if file.kind == "dense"}
    rows = "\n".join(
        f"| `{name}` | {file.bytes:,} bytes ({dense[file.runtime] / file.bytes:.1f}x smaller) "
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


def _stages(manifest: Manifest) -> str:
    rows = "\n".join(
        f"| {stage.stage} | {stage.epochs} | {stage.validation_accuracy:.2f} % | {100 * stage.sparsity:.2f} % "
        f"| {stage.distinct_max if stage.distinct_max <= 257 else 'any'} |"
        for stage in manifest.stages
    )
    return (
        "## Stages\n\n| stage | epochs | validation accuracy | zeros | distinct values a layer |\n"
        "|---|---|---|---|---|\n"
        f"{rows}\n\nThis build used the test set once, for the figures above. Seed {manifest.recipe.seed}; the whole "
        "recipe is in `manifest.json`."
    )


def _files(manifest: Manifest) -> str:
    every = {name: (file.bytes, f"{file.kind} model for {file.runtime}") for name, file in manifest.models.items()}
    every |= {name: (file.bytes, file.what) for name, file in manifest.files.items()}
    rows = "\n".join(f"| `{name}` | {size:,} | {what} |" for name, (size, what) in every.items())
    return f"## Files\n\n| file | bytes | what |\n|---|---|---|\n{rows}"


def _provenance(manifest: Manifest) -> str:
    data = manifest.data
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    return (
        f"## Provenance\n\nData: {data.train} training, {data.validation} validation, {data.test} test samples, "
        f"{'official files' if data.official else 'not the official files'}, SHA-256 {data.sha256}. "
        f"Software: {versions}."
    )


def _size(manifest: Manifest, name: str) -> str:
    return f"{manifest.models[name].bytes:,} bytes"
