#!/usr/bin/env python3
"""Write what is generated: the command-line reference, JSON schemas, and README's tables from results/.

Usage: python tools/generate_docs.py        (a test fails when what it would write is not what is there)
"""

import json
import sys
from pathlib import Path

from typer.testing import CliRunner

from edgecompress.bench.records import BenchRecord
from edgecompress.bundle import Manifest
from edgecompress.cli import COMMANDS, app
from edgecompress.recipe import Recipe
from edgecompress.search.records import SearchRecord
from edgecompress.target import Target

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SCHEMAS = {"manifest": Manifest, "recipe": Recipe, "target": Target, "record": BenchRecord, "search": SearchRecord}
MARKS = {
    name: (f"<!-- {name}: written by tools/generate_docs.py -->", f"<!-- end of {name} -->")
    for name in ("results", "encodings")
}


def cli_reference() -> str:
    """Every command's --help, as it prints where there is no colour and 100 columns."""
    runner = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"})
    parts = [
        "# Command-line reference\n\nGenerated from `--help` by `tools/generate_docs.py`.\n\n"
        "Exit codes: 0 done; 1 a defect of the program; 2 wrong input; 3 a result failed its check (an invariant, the "
        "proof of a file, a target's budget); 4 a runtime or a device failed; 130 interrupted.\n"
    ]
    for name in ["", *COMMANDS]:
        result = runner.invoke(app, [*([name] if name else []), "--help"], prog_name="edgecompress")
        text = "\n".join(line.rstrip() for line in result.output.strip().splitlines())
        parts.append(f"## edgecompress{f' {name}' if name else ''}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def results_table() -> str:
    """A row for each build in results/, from its manifest and its record alone."""
    rows = [
        "| network, data | test accuracy dense / compressed | weights kept | dense ONNX | ONNX | TFLite "
        "| latency ONNX / TFLite, compressed over dense |",
        "|---|---|---|---|---|---|---|",
    ]
    notes = []
    for folder in sorted(path for path in (ROOT / "results").iterdir() if path.is_dir()):
        manifest, record = Manifest.from_file(folder / "manifest.json"), BenchRecord.from_file(folder / "record.json")
        sizes = {name: file.bytes for name, file in manifest.models.items()}
        latency = " / ".join(
            f"{each.latency.ratio:.2f} ({each.latency.low:.2f} to {each.latency.high:.2f})"
            for each in record.comparisons
            if record.files[each.compressed].kind == "compressed"
        )
        epochs = "+".join(str(stage.epochs) for stage in manifest.stages)
        rows.append(
            f"| {manifest.model.name}, {manifest.data.name} | {manifest.accuracy.dense:.2f} % / "
            f"{manifest.accuracy.compressed:.2f} % | 1 in {manifest.ratios.weights:.1f} | {sizes['dense.onnx']:,} B "
            f"| {sizes['model.onnx']:,} B, **{manifest.ratios.onnx:.1f}x** | {sizes['model.tflite']:,} B, "
            f"{manifest.ratios.tflite:.1f}x | {latency} |"
        )
        official = "" if manifest.data.official else f"; data: {manifest.data.note}"
        notes.append(
            f"{manifest.model.name} on {manifest.data.name}: seed {manifest.recipe.seed}, {epochs} epochs "
            f"(train, prune, retrain, cluster), {manifest.accuracy.samples:,} test samples{official}. "
            f"Latency: {record.taken} on {record.before.cpu}, {record.threads} threads, {record.protocol.mode} mode."
        )
    paper = (
        "The paper's own figures, of which only the abstract is public: an average accuracy drop below 0.5 points at "
        "10x on Fashion-MNIST and CIFAR-10, and about 5.0 points on UCI-HAR."
    )
    return "\n".join([*rows, "", *(f"- {note}" for note in notes), "", paper])


def encodings_table() -> str:
    """What benchmarks/encode.py --keep measured, of the synthetic network and of the bundles it was given."""
    record = json.loads((ROOT / "results" / "encodings.json").read_text(encoding="utf-8"))
    made = record["synthetic"]
    rows = [
        "| stored as | bytes | smaller | times the bound | load | peak memory | latency | exact | runs |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    dense = made["rows"]["dense"]
    for name, row in made["rows"].items():
        if row["bytes"] is None:
            continue
        ratios = [f"{row[key] / dense[key]:.2f}x" if key in row else "" for key in ("load", "peak")]
        ratios.append(f"{row['latency']:.2f}x" if "latency" in row else "")
        rows.append(
            f"| {name} | {row['bytes']:,} | {dense['bytes'] / row['bytes']:.1f}x "
            f"| {row['bytes'] / made['bound']:.3f}x | {' | '.join(ratios)} | {'yes' if row['exact'] else 'no'} "
            f"| {'yes' if row['runs'] else 'no'} |"
        )
    note = (
        f"A VGG16BN-shaped network, {made['parameters']:,} synthetic weights, 90 % zeros, 32 centroids a layer; bound: "
        f"their order-0 entropy, {made['bound']:,} bytes. Ratios to the dense file; load and memory in new processes. "
        f"onnxruntime {record['versions']['onnxruntime']}, {made['threads']} thread, {record['cpu']}, "
        f"{record['taken'][:10]}: `python benchmarks/encode.py`."
    )
    trained = [
        "| trained network | bound | `fast-load` | `smallest` | `.ecz` of ONNX | `.ecz` of TFLite |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in record["bundles"].items():
        cells = [found["fast-load"]["bytes"], found["smallest"]["bytes"], found["ecz.onnx"]]
        cells = [f"{size:,} B, {size / found['bound']:.3f}x" for size in cells]
        trained.append(f"| {name} | {found['bound']:,} B | {' | '.join(cells)} | {found['ecz.tflite']:,} B |")
    return "\n".join([note, "", *rows, "", *trained])


def readme() -> str:
    """README with its tables made anew."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, table in (("results", results_table()), ("encodings", encodings_table())):
        begin, end = MARKS[name]
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n\n{table}\n\n{end}{rest.partition(end)[2]}"
    return text


def documents() -> dict[Path, str]:
    """What each generated file holds."""
    schemas = {
        DOCS / "schema" / f"{name}.json": json.dumps(record.model_json_schema(), indent=2) + "\n"
        for name, record in SCHEMAS.items()
    }
    return {ROOT / "README.md": readme(), DOCS / "cli.md": cli_reference(), **schemas}


def main() -> None:
    """Write them all."""
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
