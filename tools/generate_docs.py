#!/usr/bin/env python3
"""Write what is generated: the command-line reference, JSON schemas, and the tables made from results/.

Usage: python tools/generate_docs.py        (a test fails when what it would write is not what is there)
"""

import json
import statistics
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from typer import Typer
from typer.testing import CliRunner

from edgecompress.bench.records import BenchRecord
from edgecompress.cli import COMMANDS, GROUPS, app
from edgecompress.manifest import Manifest
from edgecompress.records import schemas
from edgecompress.report.reproduction import cells_csv, reproduction
from edgecompress.study.records import CellRecord
from edgecompress.study.run import INDEX

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
MODES = ("fast-load", "smallest")
HEADLINES = 5


def recorded(name: str) -> Any:
    """What a benchmark kept in results/."""
    return json.loads((ROOT / "results" / f"{name}.json").read_text(encoding="utf-8"))


def versions_in(record: Any) -> str:
    """The packages that a benchmark was run with."""
    return ", ".join(f"{name} {version}" for name, version in record["versions"].items())


def cli_reference() -> str:
    """Every command's --help, as it prints."""
    runner = CliRunner(env={"COLUMNS": "80"})
    parts = [
        "# Command-line reference\n\nGenerated from `--help` by `tools/generate_docs.py`.\n\n"
        "Exit codes: 0 done; 1 a defect of the program; 2 wrong input; 3 a result failed its check (an invariant, the "
        "proof of a file, a target's budget); 4 a runtime or a device failed; 130 interrupted.\n"
    ]
    groups = [[name, *sub] for name in GROUPS for sub in ([], *([each] for each in _commands(GROUPS[name])))]
    for words in [[], *([name] for name in COMMANDS), *groups]:
        name = " ".join(words)
        result = runner.invoke(app, [*words, "--help"], prog_name="edgecompress")
        text = "\n".join(line.rstrip() for line in result.output.strip().splitlines())
        parts.append(f"## edgecompress{f' {name}' if name else ''}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def _commands(group: Typer) -> list[str]:
    return [command.name or command.callback.__name__ for command in group.registered_commands if command.callback]


def results_table() -> str:
    """A row for each build in results/, from its manifest and, where it was measured, its record."""
    rows = [
        "| network, data | test accuracy dense / compressed | weights kept | dense ONNX | ONNX | TFLite "
        "| latency ONNX / TFLite, compressed over dense |",
        "|---|---|---|---|---|---|---|",
    ]
    notes = []
    for path in sorted((ROOT / "results").glob("*/manifest.json")):
        manifest, measured = Manifest.from_file(path), path.with_name("record.json")
        record = BenchRecord.from_file(measured) if measured.exists() else None
        sizes = {name: file.bytes for name, file in manifest.models.items()}
        latency = " / ".join(
            f"{each.latency.ratio:.2f} ({each.latency.low:.2f} to {each.latency.high:.2f})"
            for each in (record.comparisons if record else ())
            if record and record.files[each.compressed].kind == "compressed"
        )
        epochs = "+".join(str(stage.epochs) for stage in manifest.stages)
        stages = ", ".join(stage.stage for stage in manifest.stages)
        name = f"{manifest.model.name}, {manifest.data.name}"
        if manifest.ratios.macs is not None:
            name += f", {1 / manifest.ratios.macs:.0%} of the arithmetic"
        if manifest.recipe.cluster.rate is not None:
            name += f", {manifest.recipe.cluster.rate:g} bits a weight"
        rows.append(
            f"| {name} | {manifest.accuracy.dense:.2f} % / "
            f"{manifest.accuracy.compressed:.2f} % | 1 in {manifest.ratios.weights:.1f} | {sizes['dense.onnx']:,} B "
            f"| {sizes['model.onnx']:,} B, **{manifest.ratios.files['onnx']:.1f}x** | {sizes['model.tflite']:,} B, "
            f"{manifest.ratios.files['tflite']:.1f}x | {latency or '-'} |"
        )
        official = "" if manifest.data.official else f"; data: {manifest.data.note}"
        how = "Not benchmarked yet."
        if record:
            threads = f"{record.threads} {'thread' if record.threads == 1 else 'threads'}"
            how = f"Latency: {record.taken} on {record.before.cpu}, {threads}, {record.protocol.mode} mode."
        notes.append(
            f"{name}: seed {manifest.recipe.seed}, {epochs} epochs ({stages}), "
            f"{manifest.accuracy.samples:,} test samples{official}. {how}"
        )
    paper = (
        "The paper's own figures, of which only the abstract is public: an average accuracy drop below 0.5 points at "
        "10x on Fashion-MNIST and CIFAR-10, and about 5.0 points on UCI-HAR."
    )
    return "\n".join([*rows, "", *(f"- {note}" for note in notes), "", paper])


def headline_table() -> str:
    """The builds of results/ that say most, a row each: the largest ratio of each network and data set."""
    best: dict[tuple[str, str], tuple[Manifest, BenchRecord | None]] = {}
    for path in sorted((ROOT / "results").glob("*/manifest.json")):
        manifest, measured = Manifest.from_file(path), path.with_name("record.json")
        place = manifest.model.name, manifest.data.name
        if place not in best or best[place][0].ratios.files["onnx"] < manifest.ratios.files["onnx"]:
            best[place] = manifest, BenchRecord.from_file(measured) if measured.exists() else None
    rows = [
        "| network, data | accuracy on test, dense / compressed | ONNX file | smaller | TFLite | latency over dense |",
        "|---|---|---|---|---|---|",
    ]
    ordered = sorted(best.values(), key=lambda each: -each[0].ratios.files["onnx"])
    for manifest, record in ordered[:HEADLINES]:
        of_onnx = next(each.latency.ratio for each in record.comparisons) if record else None
        sizes = " to ".join(f"{manifest.models[f'{name}.onnx'].bytes / 1000:,.0f} kB" for name in ("dense", "model"))
        further = "" if manifest.data.official else " (rebuilt)"
        further += "" if manifest.ratios.macs is None else ", whole channels removed too"
        rate = manifest.recipe.cluster.rate
        further += "" if rate is None else f", {rate:g} bits a weight"
        rows.append(
            f"| {manifest.model.name}, {manifest.data.name}{further} | {manifest.accuracy.dense:.2f} % / "
            f"{manifest.accuracy.compressed:.2f} % | {sizes} | **{manifest.ratios.files['onnx']:.0f}x** "
            f"| {manifest.ratios.files['tflite']:.0f}x | {'' if of_onnx is None else f'{of_onnx:.2f}'} |"
        )
    return "\n".join(rows)


def encodings_table() -> str:
    """What benchmarks/encode.py --keep measured, of the synthetic network and of the bundles it was given."""
    record = recorded("encodings")
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


def containers_table() -> str:
    """What benchmarks/encode.py --keep measured of containers."""
    record = recorded("encodings")
    made = record["synthetic"]
    lines = [
        f"VGG16BN-shaped network of `benchmarks/network.py`, {made['parameters']:,} weights, 90 % zeros, 32 centroids "
        "a layer. The bound is the order-0 entropy of a file's weights as `inspect` computes it. One core of "
        f"{record['cpu']}, NumPy {record['versions']['numpy']}, medians of three, {record['taken'][:10]}; packing "
        "includes unpacking once to see that nothing is lost; rates are those of the dense float32 weights.",
        "",
        "| file | bytes | container | x bound | pack, MB/s | unpack, MB/s |",
        "|---|---|---|---|---|---|",
    ]
    for each in made["containers"]:
        rates = " | ".join(f"{4 * made['parameters'] / 1e6 / each[what]:,.0f}" for what in ("packed", "unpacked"))
        ratio = each["container"] / each["bound"]
        lines.append(f"| {each['file']} | {each['bytes']:,} | {each['container']:,} | {ratio:.3f} | {rates} |")
    return "\n".join(lines)


def loads_table() -> str:
    """What benchmarks/loads.py measured: a row for each release of onnxruntime."""
    record = recorded("loads")
    lines = [
        "The VGG16BN-shaped network of `benchmarks/encode.py`, 14.7 million weights, 90 % zeros, 32 centroids a layer. "
        f"One thread, {record['cpu']}, the least of five processes each, {record['taken'][:10]}: "
        "`python benchmarks/loads.py`. Peak and resident memory are of the whole process; resident is after "
        "`malloc_trim`.",
        "",
        "| onnxruntime | dense loads in | fast-load | smallest | dense peak | fast-load | smallest "
        "| resident after load, MiB: dense, fast-load, smallest |",
        "|---" * 8 + "|",
    ]
    for release, found in record["releases"].items():
        dense = found["dense"]
        cells = [f"{dense['load']:.0f} ms", *(f"{found[mode]['load'] / dense['load']:.2f}x" for mode in MODES)]
        cells += [f"{dense['peak']:.0f} MiB", *(f"{found[mode]['peak'] / dense['peak']:.2f}x" for mode in MODES)]
        cells.append(", ".join(f"{found[name]['resident']:.0f}" for name in ("dense", *MODES)))
        lines.append(f"| {release} | {' | '.join(cells)} |")
    return "\n".join(lines)


def architectures_table() -> str:
    """What benchmarks/architectures.py found: a row for each network that others wrote."""
    record = recorded("architectures")
    versions = versions_in(record)
    own = {
        name: max(max(each.values()) for each in row["float32"].values())
        for name, row in record["networks"].items()
        if "float32" in row
    }
    further = [f"`{name}`, {each:.0e}" for name, each in own.items() if each > record["tolerance"]]
    allowed = (
        f", or twice what PyTorch's float32 is off its own float64 where that is more ({'; '.join(further)})"
        if further
        else ""
    )
    lines = [
        f"Each layer pruned to {record['sparsity']:.0%} and clustered to {record['centroids']} values without data; "
        "bytes of the dense file, of that packed without loss, and of its container. `float16` is what `build` writes, "
        f"rounded weights. Difference: the largest of {record['samples']} random and {record['samples']} real inputs, "
        f"as a fraction of the largest output of dense and packed files alike; at most {record['tolerance']:g} passes"
        f"{allowed}. {versions}; {record['cpu']}, {record['taken'][:10]}: `python benchmarks/architectures.py`.",
        "",
        "| network, from | input | parameters | ONNX | packed | `.ecz` | TFLite | packed | `float16` | `.ecz` "
        "| difference: random, real |",
        "|---" * 11 + "|",
    ]
    for name, row in record["networks"].items():
        onnx, tflite = row["bytes"]["onnx"], row["bytes"]["tflite"]
        sizes = [onnx["dense"], onnx["packed"], onnx["ecz"]]
        sizes += [tflite["dense"], tflite["packed"], tflite["float16"], tflite["ecz"]]
        judged = [each for file, each in row["difference"].items() if not file.startswith("float16")]
        differences = ", ".join(f"{max(each[kind] for each in judged):.0e}" for kind in ("random", "real"))
        lines.append(
            f"| `{name}`, {row['origin']} | {'x'.join(map(str, row['input']))} | {row['parameters']:,} "
            f"| {' | '.join(f'{size:,}' for size in sizes)} | {differences} |"
        )
    return "\n".join(lines)


def beside_litert_torch_table() -> str:
    """What benchmarks/beside_litert_torch.py found: a row for each network."""
    record = recorded("litert-torch")
    versions = versions_in(record)
    lines = [
        f"Dense files of the same compressed network, run in turn on one thread; {versions}; {record['cpu']}, "
        f"{record['taken'][:10]}: `python benchmarks/beside_litert_torch.py`.",
        "",
        "| network | input | our latency over litert-torch's, 95 % interval | pairs of runs | ours, bytes "
        "| litert-torch's | that packed |",
        "|---" * 7 + "|",
    ]
    for name, row in record["networks"].items():
        latency = "{ratio:.3f} ({low:.3f} to {high:.3f})".format(**row["latency"])
        sizes = " | ".join(f"{row['bytes'][kind]:,}" for kind in ("edgecompress", "litert-torch", "packed"))
        lines.append(f"| `{name}` | {'x'.join(map(str, row['input']))} | {latency} | {row['runs']:,} | {sizes} |")
    return "\n".join(lines)


def sparse_inference_table() -> str:
    """What benchmarks/arm.py counted: a row for each network and input, and what it found of drawn networks."""
    record = recorded("arm")
    lines = [
        "| network | input | zeros in 1x1 weights | instructions over dense | dense, bytes | for sparse inference "
        "| CSR float16, zeros not skipped |",
        "|---" * 7 + "|",
    ]
    for _, row in sorted(record["shapes"].items()):
        files = row["files"]
        blocks = "" if row["block"] == 1 else f" in {row['block']}x1"
        note = ", shifts" if row.get("shifts") else ""
        sizes = " | ".join(f"{files[f'{name}.tflite']['bytes']:,}" for name in ("dense", "sparse", "plain"))
        lines.append(
            f"| `{row['network']}`{note} | {'x'.join(map(str, row['input']))} | {row['zeros']:.0%}{blocks} "
            f"| {files['sparse.tflite']['ratio']:.3f} | {sizes} |"
        )
    trained = record["mobilenet-v2-digits-sparse, cortex-a72"]["files"]
    sizes = " | ".join(f"{trained[f'{name}.tflite']['bytes']:,}" for name in ("dense", "model", "plain"))
    lines.append(
        "| `mobilenet-v2`, trained on digits by the recipe `sparse-arm` | 3x96x96 | 90% in 2x1 "
        f"| {trained['model.tflite']['ratio']:.3f} | {sizes} |"
    )
    first = next(iter(record["shapes"].values()))
    counted = (
        f"Executed instructions of one inference, {first['processor']} under {first['emulator'].partition(' (')[0]}, "
        f"{first['runtime']}, one thread; weights untrained and pruned by magnitude, but of the last row; "
        f"{first['date']}: `python benchmarks/arm.py shapes`."
    )
    drawn = record["wrong"]
    kinds = ("build", "pack", "control")
    build, pack, control = (sum(row[kind].get("right", 0) for row in drawn["processors"].values()) for kind in kinds)
    all_of = drawn["networks"] * len(drawn["processors"])
    found = (
        f"Of {drawn['networks']} networks drawn at random, on {', '.join(drawn['processors'])}: right are {build:,} of "
        f"{all_of:,} of `build`'s files, {pack:,} of `pack`'s, and {control:,} of those that were only made sparse; "
        f"{drawn['date']}: `python benchmarks/arm.py wrong`."
    )
    return "\n".join([counted, "", *lines, "", found])


def leading_table() -> str:
    """What benchmarks/arm.py found of the files that builds chose: a row for each bundle."""
    rows = recorded("arm")["best"].values()
    lines = [
        "| network, data | processor | leads | bytes | instructions over the dense file of its runtime "
        "| over the least of any dense file | test accuracy there | of the dense network |",
        "|---" * 8 + "|",
    ]
    lines += [
        f"| {row['model']}, {row['data']} | {row['processor']} | `{row['chosen']}` | {row['bytes']:,} "
        f"| {row['over_dense_of_its_runtime']:.3f} | {row['over_least_dense']:.3f} "
        f"| {row['test_accuracy']:.2f} % of {row['test_samples']:,} | {row['test_accuracy_dense']:.2f} % |"
        for row in rows
    ]
    counted = (
        f"Emulated, one thread, one seed; {max(row['date'] for row in rows)}: `python benchmarks/arm.py best BUNDLE`."
    )
    return "\n".join([counted, "", *lines])


def trained_table() -> str:
    """What benchmarks/arm.py found of trained mobile networks: a row for each network and input, over its seeds."""
    record = recorded("arm").get("trained", {})
    if not record:
        return ""
    networks: dict[tuple[str, int], list[dict]] = {}
    for row in record.values():
        networks.setdefault((row["model"], row["input"][-1]), []).append(row)
    kinds = (("model.tflite", "cortex-a72"), ("model.tflite", "cortex-a76"), ("model-int8.tflite", "cortex-a76"))
    kinds += (("dense-int8.tflite", "cortex-a76"), ("model-fp16.tflite", "cortex-a76"))
    lines = [
        "| network | seeds | dense, % | trained on, % | compressed, % | dense, bytes | `model.tflite` "
        "| A72: sparse | A76: sparse | A76: int8 | A76: dense int8 | A76: float16 |",
        "|---" * 12 + "|",
    ]
    for (network, side), rows in sorted(networks.items()):
        accuracies = " | ".join(
            spread([row[key] for row in rows if key in row]) for key in ("dense", "control", "compressed")
        )
        files = rows[0]["files"]
        sizes = " | ".join(f"{files[name]['bytes']:,}" for name in ("dense.tflite", "model.tflite"))
        ratios = " | ".join(f"{files[name]['ratio'][on]:.2f}" if name in files else "" for name, on in kinds)
        lines.append(f"| `{network}`, {side}x{side} | {len(rows)} | {accuracies} | {sizes} | {ratios} |")
    first = next(iter(record.values()))
    counted = (
        f"The embedded digits, {first['test_samples']} test samples, recipe `{first['recipe']}` at these resolutions; "
        "accuracy is the mean over seeds (and the range). *Trained on* is the control: the dense network after as many "
        "epochs as the compressed one had. Instructions over the dense file's are of the first seed's files, emulated; "
        f"{max(row['date'] for row in record.values())}: `python benchmarks/arm.py trained BUNDLE --control BUNDLE`."
    )
    return "\n".join([counted, "", *lines])


def spread(values: Sequence[float]) -> str:
    """The mean of some figures in percent, and their range where there are several; empty: there are none."""
    if not values:
        return ""
    mean = f"{sum(values) / len(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.1f} to {max(values):.1f})"


def large_model_table() -> str:
    """What benchmarks/large_model.py found: a row for each way to compress the model."""
    record = recorded("large-model")
    versions = versions_in(record)
    lines = [
        f"{record['parameters']:,} parameters, 90 % zeros; peak memory in times the file's size; {versions}, "
        f"{record['taken'][:10]}: `python benchmarks/large_model.py --build`.",
        "",
        "| | files | MiB | packed MiB | the program | its runtime's processes | onnxruntime loads the packed file |",
        "|---" * 7 + "|",
    ]
    for row in record["rows"]:
        packed, load = (f"{row['packed'] / 2**20:.1f}", f"{row['load']:.2f}") if "load" in row else ("", "")
        lines.append(
            f"| `{row['what'].replace('pack', 'pack --encoding')}` | {row['files']} | {row['bytes'] / 2**20:.0f} "
            f"| {packed} | {row['own']:.2f} | {row['proof']:.2f} | {load} |"
        )
    return "\n".join(lines)


def clustering_tables() -> str:
    """All that benchmarks/clustering_methods.py found: a table for each network, data set and sparsity."""
    parts = []
    for path in sorted((ROOT / "results").glob("clustering-*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        setup, rows = record["setup"], record["rows"]
        recipe = setup["recipe"]
        width = "" if recipe["width"] == 1 else f" at width {recipe['width']:g}"
        parts.append(
            f"**{path.stem.removeprefix('clustering-')}**{width}: seed {recipe['seed']}, epochs of fine-tuning: "
            f"{recipe['cluster']['epochs']}, {record['samples']['test']:,} test samples, dense "
            f"{rows[0]['test']['dense']:.2f} %, {record['taken'][:10]}."
        )
        for sparsity in sorted({row["sparsity"] for row in rows}):
            parts.append(_clustering_table(sparsity, [row for row in rows if row["sparsity"] == sparsity]))
    return "\n\n".join(parts)


def rate_tables() -> str:
    """All that benchmarks/rate.py found: a table for each network and data set."""
    parts = []
    for path in sorted((ROOT / "results").glob("rate-*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        rows = record["rows"]
        seeds = sorted({row["seed"] for row in rows})
        control = {row["seed"]: row for row in rows if row["method"] == "control"}
        best = {
            seed: {split: max(row[kind][split] for kind in ("dense", "control")) for split in ("validation", "test")}
            for seed, row in control.items()
        }
        dense, trained = (
            statistics.fmean(row[kind]["test"] for row in control.values()) for kind in ("dense", "control")
        )
        rebuilt = "" if record["setup"]["official"] else " (not the official files)"
        epochs, samples = record["setup"]["recipe"]["cluster"]["epochs"], record["samples"]
        parts.append(
            f"**{path.stem.removeprefix('rate-')}**{rebuilt}: seeds {', '.join(map(str, seeds))}, {epochs} epochs of "
            f"the last stage, {samples['validation']:,} validation and {samples['test']:,} test samples; on test the "
            f"baseline has {dense:.2f} %, the control {trained:.2f} %; {record['taken'][:10]}."
        )
        parts.append(_rate_table(rows, best, record["dense_bytes"]))
    return "\n\n".join(parts)


def _rate_table(rows: list[dict[str, Any]], best: dict[int, dict[str, float]], dense: int) -> str:
    """A line for each method and rate: means over the seeds, and the range of the drops."""
    titles = ("", "bits a weight", "centroids", "zeros", "ONNX, bytes", "smaller", "TFLite, bytes", "smaller")
    titles = (*titles, "drop, validation", "drop, test")
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    compared = [row for row in rows if row["method"] != "control"]
    for key in dict.fromkeys((row["method"], row["rate"], row["centroids"]) for row in compared):
        method, rate, centroids = key
        own = [row for row in compared if (row["method"], row["rate"], row["centroids"]) == key]
        onnx, tflite = (statistics.fmean(row[name] for row in own) for name in ("bytes", "tflite_bytes"))
        drops = {split: [best[row["seed"]][split] - row[split] for row in own] for split in ("validation", "test")}
        cells = [f"{statistics.fmean(each):.2f} ({min(each):.2f} to {max(each):.2f})" for each in drops.values()]
        zeros = statistics.fmean(row["sparsity"] for row in own)
        given = "" if rate is None else f"{rate:g}"
        sizes = " | ".join(f"{size:,.0f} | {dense / size:.1f}x" for size in (onnx, tflite))
        lines.append(f"| {method} | {given} | {centroids} | {100 * zeros:.1f} % | {sizes} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _clustering_table(sparsity: float, rows: list[dict[str, Any]]) -> str:
    """A line for each method; for each number of bits the inertia, and the accuracy before and after fine-tuning."""
    bits = sorted({row["bits"] for row in rows})
    found = {(row["method"], row["bits"]): row for row in rows}
    best = {each: found["kmeans", each]["inertia"] for each in bits}
    zeros = f"{sparsity:.0%} zeros" if sparsity else "no zeros"
    lines = [f"| {zeros} | seconds | {' | '.join(f'{each} bits' for each in bits)} |", "|---" * (len(bits) + 2) + "|"]
    for method in sorted({row["method"] for row in rows}, key=lambda name: (name not in ("kmeans", "soft"), name)):
        cells = []
        for each in bits:
            row = found.get((method, each))
            cells.append(
                f"{row['inertia'] / best[each]:.2f}, {row['test']['clustered']:.1f} to {row['test']['finetuned']:.1f} %"
                if row
                else ""
            )
        seconds = max(row["seconds"] for row in rows if row["method"] == method)
        lines.append(f"| `{method}` | {seconds:.2f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def measuring_table() -> str:
    """What the three benchmarks of the measuring found."""
    overhead, quick, repeated = (recorded(name) for name in ("agent-overhead", "bench-quick", "repeatability"))
    lines = ["| what | of | found | asked for |", "|---|---|---|---|"]
    for name, file in overhead["files"].items():
        of = f"`{name}`, {file['p50_ns']['agent'] / 1e6:.1f} ms"
        for kind, title, limit in (
            ("bare", "a bare loop's", "1.02 at most"),
            ("profiler", "the profiler's", "0.95 to 1.05"),
        ):
            if kind in file:
                found = "{ratio:.3f} ({low:.3f} to {high:.3f})".format(**file[kind])
                lines.append(f"| the agent's time over {title} | {of} | {found} | {limit} |")
    protocol, overlapping = repeated["protocol"], repeated["overlapping"]
    runs = (
        f"`{repeated['file']}`, {repeated['runs'][0]['p50_ns'] / 1e6:.1f} ms; {protocol['min_seconds']:g} s in "
        f"{protocol['processes']} processes a run"
    )
    for kind, title in (("median", "the median"), ("ratio", "the ratio to the dense file")):
        found = f"{overlapping[kind]} of {repeated['pairs']}"
        lines.append(f"| pairs of runs whose intervals of {title} overlap | {runs} | {found} | 9 of 10 |")
    seconds = max(chain(*quick["seconds"].values()))
    pushed = sum(size for name, size in quick["bundle"].items() if name.endswith((".onnx", ".tflite", ".npz")))
    lines.append(
        f"| seconds of `bench --mode quick` over ssh, the slowest of {len(list(chain(*quick['seconds'].values())))} "
        f"| a bundle of {pushed / 1e6:.0f} MB | {seconds:.1f} | 15 at most |"
    )
    return "\n".join([*lines, "", f"{overhead['cpu']}, {overhead['taken'][:10]}."])


def study_cells() -> list[CellRecord]:
    """The cells of the paper's study that results/ has, of all budgets."""
    paths = sorted((ROOT / "results" / "study").glob("*.json"))
    return [CellRecord.from_file(path) for path in paths if path.name != INDEX]


def filled(page: Path, **tables: str) -> str:
    """A page with its tables made anew, each between two marks that name it."""
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        begin, end = f"<!-- {name}: written by tools/generate_docs.py -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n\n{table}\n\n{end}{rest.partition(end)[2]}"
    return text


def documents() -> dict[Path, str]:
    """What each generated file holds."""
    names = ("compression", "runtimes", "ecz", "models", "own-models", "tflite", "paper", "benchmarking")
    readme, compression, runtimes, ecz, models, own, tflite, paper, benchmarking = (
        ROOT / "README.md",
        *(DOCS / f"{name}.md" for name in names),
    )
    return {
        ecz: filled(ecz, containers=containers_table()),
        readme: filled(readme, headline=headline_table()),
        DOCS / "results.md": filled(DOCS / "results.md", results=results_table(), encodings=encodings_table()),
        benchmarking: filled(benchmarking, measuring=measuring_table()),
        compression: filled(compression, clustering=clustering_tables(), rate=rate_tables()),
        runtimes: filled(runtimes, leading=leading_table(), loads=loads_table()),
        models: filled(models, trained=trained_table(), architectures=architectures_table()),
        own: filled(own, large=large_model_table()),
        tflite: filled(tflite, litert_torch=beside_litert_torch_table(), sparse_inference=sparse_inference_table()),
        paper: filled(paper, reproduction=reproduction(study_cells())),
        DOCS / "paper.csv": cells_csv(study_cells()),
        DOCS / "cli.md": cli_reference(),
        **{DOCS / "schema" / f"{name}.json": schemas.text(name) for name in schemas.DOCUMENTS},
    }


def main() -> None:
    """Write them all."""
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
