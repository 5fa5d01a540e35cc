"""What TFLite files do on the boards' processors: right or wrong, and how many instructions over the dense file.

    python benchmarks/arm.py wrong [--count 200] [--keep]
    python benchmarks/arm.py shapes [NAME...] [--processor cortex-a72] [--keep]
    python benchmarks/arm.py instructions DENSE.tflite OTHER.tflite... [--processor cortex-a72] [--keep]
    python benchmarks/arm.py best BUNDLE [--keep]
    python benchmarks/arm.py layers [--processor cortex-a72] [--keep]
    python benchmarks/arm.py trained BUNDLE [--control BUNDLE] [--keep]

``wrong`` draws edge networks at random (stems, depthwise kernels, activations, pools, squeeze-excite, heads), prunes
their 1x1 weights, and makes three files of each: what ``build`` writes; a dense file with the paddings that other
converters write, packed; and, as a control that must fail, that file with its weights sparse and nothing else done.
Each is run in LiteRT on emulated processors and compared with the builtin kernels here. Exit code 1: a file of ours is
wrong or does not load anywhere, or no control is. With --keep a run goes on where one of the same code stopped.

``shapes`` counts executed instructions of the built-in networks, untrained and pruned by magnitude: of the dense file,
and of the file for sparse inference, whose outputs are held against the dense one's. Instructions depend on where zeros
are, not on what was learnt. Beside them, bytes: of the dense file, of the one for sparse inference, and of the same
weights as ``export.sparse_inference=false`` writes them.

``instructions`` counts for files that are there. Instructions are no time. --keep writes results/arm.json.

``best`` asks what the file that a build chose is worth: its instructions on the board's emulated processor over those
of the dense file of its runtime, and of whichever dense file executes least, counted again; and its accuracy there on
all of eval.npz. Exit code 1: it loses more than a point to the dense network.

``layers`` counts what single layers of 96 channels execute, sparse and dense, on maps of 1 to 256 places: the
difference of two networks, of one such layer and of three. sparse_inference/cost.py has its numbers from there.

``trained`` is a row for a network of docs/models.md: of each file of a bundle, bytes, test accuracy and instructions
on a Cortex-A72 and a Cortex-A76, over the dense file of its runtime. The control is a bundle of the same recipe and
seed with prune.sparsity=0 and cluster.bits=8: the dense network trained on for as many epochs.
"""

import argparse
import datetime
import hashlib
import importlib.metadata
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from drawn_networks import write_files
from torch import nn

from edgecompress import bundle
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.emulated.count import count, ratio
from edgecompress.deploy.emulated.outputs import outputs
from edgecompress.deploy.transports.emulated import emulated
from edgecompress.equivalence.proof import Proof
from edgecompress.formats.tflite import equivalence, model_file
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.formats.tflite.sparse_inference import emulated as proof
from edgecompress.formats.tflite.sparse_inference import enable
from edgecompress.record import short_arrays
from edgecompress.sources.load import seeded
from edgecompress.sources.to_onnx import to_onnx

RECORD = Path(__file__).parents[1] / "results" / "arm.json"
PROCESSORS = ("x86-no-avx", "cortex-a72", "cortex-a76")
AT_A_TIME = 20
FLOAT16_WORK = 2_000_000_000  # instructions


class Shape(NamedTuple):
    """A built-in network at one input, the pattern of its zeros, and their share of the layers that are pruned."""

    network: str
    input: tuple[int, ...]
    classes: int
    block: int  # output channels that are zero together
    zeros: float = 0.9
    shifts: bool = False  # a 3x3 stem of stride 2, and the other 3x3 convolutions pruned too and computed by shifts


SHAPES = {
    "mobilenet-v1-96": Shape("mobilenet-v1", (3, 96, 96), 10, 2),
    "mobilenet-v1-224": Shape("mobilenet-v1", (3, 224, 224), 1000, 2),
    "mobilenet-v1-224-80": Shape("mobilenet-v1", (3, 224, 224), 1000, 2, 0.8),
    "mobilenet-v1-96-unstructured": Shape("mobilenet-v1", (3, 96, 96), 10, 1),
    "mobilenet-v1-224-unstructured": Shape("mobilenet-v1", (3, 224, 224), 1000, 1),
    "mobilenet-v2-96": Shape("mobilenet-v2", (3, 96, 96), 10, 2),
    "mobilenet-v2-224": Shape("mobilenet-v2", (3, 224, 224), 1000, 2),
    "mobilenet-v2-96-unstructured": Shape("mobilenet-v2", (3, 96, 96), 10, 1),
    "mobilenet-v2-224-unstructured": Shape("mobilenet-v2", (3, 224, 224), 1000, 1),
    "mobilenet-v2-96-one-channel": Shape("mobilenet-v2", (1, 96, 96), 10, 2),
    "mobilenet-v3-small-96": Shape("mobilenet-v3-small", (3, 96, 96), 10, 2),
    "mobilenet-v3-small-224": Shape("mobilenet-v3-small", (3, 224, 224), 1000, 2),
    "efficientnet-lite0-96": Shape("efficientnet-lite0", (3, 96, 96), 10, 2),
    "efficientnet-lite0-224": Shape("efficientnet-lite0", (3, 224, 224), 1000, 2),
    "ds-cnn-49x10": Shape("ds-cnn", (1, 49, 10), 12, 2),
    "resnet18-32-shifts": Shape("resnet18", (3, 32, 32), 10, 2, shifts=True),
    "resnet18-96-shifts": Shape("resnet18", (3, 96, 96), 10, 2, shifts=True),
    "resnet18-96-shifts-unstructured": Shape("resnet18", (3, 96, 96), 10, 1, shifts=True),
}
# Of the largest output: sums in another order are below 1e-4 in networks of this depth, float16 weights are in both.
WRONG = 1e-3
# What float16 weights move an output by, of its largest.
ROUNDED = 2e-2
_BATCH = """
import sys
from pathlib import Path
import numpy as np
from ai_edge_litert.interpreter import Interpreter
for file in sorted(Path(".").glob("*.tflite")):
    try:
        interpreter = Interpreter(str(file), num_threads=1)
        interpreter.allocate_tensors()
        for number, given in enumerate(interpreter.get_input_details()):
            noise = np.random.default_rng(number).standard_normal(given["shape"]).astype(np.float32)
            interpreter.set_tensor(given["index"], noise)
        interpreter.invoke()
        outputs = [interpreter.get_tensor(made["index"]) for made in interpreter.get_output_details()]
        np.savez(file.with_suffix(".npz"), *outputs)
    except Exception as error:
        file.with_suffix(".txt").write_text(str(error))
    print(file.name, flush=True)
"""


def reference(file: Path) -> list[np.ndarray]:
    """The builtin kernels' outputs, here."""
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(str(file), num_threads=1, experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    for number, given in enumerate(interpreter.get_input_details()):
        noise = np.random.default_rng(number).standard_normal(given["shape"]).astype(np.float32)
        interpreter.set_tensor(given["index"], noise)
    interpreter.invoke()
    return [interpreter.get_tensor(made["index"]) for made in interpreter.get_output_details()]


def judged(expected: list[np.ndarray], folder: Path, file: Path) -> str:
    """``right``, ``wrong`` or ``does not load``."""
    found = folder / file.with_suffix(".npz").name
    if not found.exists():
        return "does not load"
    with np.load(found) as archive:
        produced = [archive[name] for name in archive.files]
    off = max(float(np.abs(a - b).max() / max(1e-30, np.abs(a).max())) for a, b in zip(expected, produced, strict=True))
    return "right" if off < WRONG else "wrong"


def _quiet(line: str) -> None:
    """Each file's name, when it is done."""


def _unproved(source: Path, packed: bytes, target: Path, **_: object) -> tuple[Proof, proof.SparseInference]:  # noqa: ARG001
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "packed.tflite"
        file.write_bytes(packed)
        return Proof.none("this benchmark runs it"), proof.judged(file)


def wrong_command(networks: int, *, kept: bool) -> int:
    """Draw networks a few at a time; go on where a run of the same code stopped. 1 if a file of ours fails."""
    record = json.loads(RECORD.read_text()).get("wrong", {}) if kept and RECORD.exists() else {}
    code = fingerprint()
    found = record if record.get("code") == code and record["networks"] < networks else {"networks": 0}
    while found["networks"] < networks:
        first = found["networks"]
        last = min(first + AT_A_TIME, networks)
        found = added(found, wrong(range(first, last))) | {"networks": last, "code": code}
        print(json.dumps(found))
        if kept:
            keep("wrong", found)
    rows = found["processors"].values()
    fails = any(set(row[kind]) - {"right"} for row in rows for kind in ("build", "pack"))
    return int(fails or not any(set(row["control"]) - {"right"} for row in rows))


def fingerprint() -> str:
    """What decides of the files and how they are judged."""
    room = Path(model_file.__file__).parent
    sources = [*sorted(room.rglob("*.py")), *(Path(__file__).parent / name for name in ("arm.py", "drawn_networks.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]


def added(one: dict, other: dict) -> dict:
    """The sum of two tables of counts."""
    return one | {
        name: added(one.get(name, {}), count_) if isinstance(count_, dict) else one.get(name, 0) + count_
        for name, count_ in other.items()
    }


def wrong(numbers: range) -> dict:
    """How many files of each kind are wrong on each processor."""
    equivalence.prove = _unproved  # all files are run below, in one process for each processor
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in numbers:
            write_files(folder, number)
        files = sorted(folder.glob("*.tflite"))
        states = [proof.judged(file).state for file in files if file.stem.endswith("build")]
        expected = {file: reference(file) for file in files}
        batch = folder / "batch.py"
        batch.write_text(_BATCH)
        found: dict = {"build_on": states.count("on"), "processors": {}}
        for processor in PROCESSORS:
            results = Path(tempfile.mkdtemp(dir=folder))
            run_all(files, batch, processor, results)
            rows: dict = {"build": {}, "pack": {}, "control": {}}
            for file in files:
                kind, state = file.stem.split("-")[1], judged(expected[file], results, file)
                rows[kind][state] = rows[kind].get(state, 0) + 1
                if kind != "control" and state != "right":
                    print(f"{file.name} {state} on {processor}")
            found["processors"][processor] = rows
    return found


def run_all(files: list[Path], batch: Path, processor: str, results: Path) -> None:
    """Run the files in one process on a processor; their outputs, of those that have some, come to ``results``."""
    with emulated(processor) as connection:
        deadline = Deadline.after(3600)
        for file in (*files, batch):
            connection.push(file, file.name, deadline)
        done = connection.run([connection.python, "batch.py"], deadline, _quiet)
        assert done.code == 0, done
        for file in files:
            pulled = results / file.with_suffix(".npz").name
            try:
                connection.pull(pulled.name, pulled, deadline)
            except Exception:  # noqa: S112 - it has no outputs, which is what is counted
                continue


def made(shape: Shape) -> nn.Module:
    """The network of a shape, its 1x1 convolutions pruned by magnitude as the recipe sparse-arm has it."""
    network = seeded(shape.network, shape.input, shape.classes).eval()
    if shape.shifts:
        network.conv1 = nn.Conv2d(shape.input[0], network.conv1.out_channels, 3, 2, 1, bias=False)
    for layer in network.modules():
        is_stem = isinstance(layer, nn.Conv2d) and layer.in_channels == shape.input[0]
        if isinstance(layer, nn.Conv2d) and (layer.kernel_size == (1, 1) or (shape.shifts and not is_stem)):
            layer.weight.data = pruned(layer.weight.data, shape)
    return network


def pruned(weight: torch.Tensor, shape: Shape) -> torch.Tensor:
    """A weight (O, I, H, W) without its blocks of the lowest magnitude."""
    outputs, *others = weight.shape
    blocks = weight.reshape(outputs // shape.block, shape.block, *others)
    scores = blocks.abs().sum(1, keepdim=True)
    last = scores.flatten().kthvalue(round(shape.zeros * scores.numel())).values
    return (blocks * (scores > last)).reshape(weight.shape)


def shapes(name: str, processor: str) -> dict:
    """Bytes and instructions of one shape's files."""
    shape = SHAPES[name]
    model = to_onnx(made(shape), shape.input)
    with tempfile.TemporaryDirectory() as folder:
        dense, plain, sparse = (Path(folder) / f"{kind}.tflite" for kind in ("dense", "plain", "sparse"))
        write_tflite(model, dense, compress=False)
        write_tflite(model, plain, compress=True, sparse_inference=False)
        ledger = write_tflite(model, sparse, compress=True, shifts=shape.shifts)
        assert proof.judged(sparse).state == "on", ledger.remarks
        rows = instructions([dense, sparse], processor)
        assert rows["files"][sparse.name]["difference"] < ROUNDED, rows
        rows["files"][plain.name] = {"bytes": plain.stat().st_size}
    return {**shape._asdict(), **rows}


def instructions(files: list[Path], processor: str) -> dict:
    """Instructions of each file over the first one's."""
    dense, *others = files
    base, expected = count(dense, processor), reference(dense)
    rows = {dense.name: {"instructions": base.per_inference, "ratio": 1.0, "bytes": dense.stat().st_size}}
    for file in others:
        counted, produced = count(file, processor), reference(file)
        off = max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in zip(expected, produced, strict=True))
        rows[file.name] = {
            "instructions": counted.per_inference,
            "ratio": round(ratio(counted, base), 4),
            "bytes": file.stat().st_size,
            "difference": off,
        }
    for name, row in rows.items():
        print(f"{row['ratio']:.3f} {row['instructions']:>14,} {row['bytes']:>12,} B  {name}")
    return {"processor": processor, "runtime": base.runtime, "emulator": base.emulator, "files": rows}


def keep(key: str, row: dict) -> None:
    """Write one row of the record."""
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    taken = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "ai-edge-litert": importlib.metadata.version("ai-edge-litert"),
        "taken": "emulated",
    }
    *tables, last = key.split("/")
    rows = record
    for table in tables:
        rows = rows.setdefault(table, {})
    rows[last] = row | taken
    RECORD.write_text(short_arrays(json.dumps(record, indent=1)) + "\n")


def best(folder: Path) -> dict:
    """What the leading file of a bundle executes and gets right on the board's processor."""
    manifest = bundle.load(folder)
    lead, processor = manifest.lead, manifest.target.emulator_cpu
    assert lead is not None, "a bundle of an older build names no leading file"
    assert processor is not None, f"{manifest.target.name} names no processor to emulate"
    chosen = manifest.models[lead.file]
    denses = {name: file.runtime for name, file in manifest.models.items() if file.kind == "dense"}
    counts = {name: count(folder / name, processor) for name in manifest.models}
    own = next(counts[name] for name, runtime in denses.items() if runtime == chosen.runtime)
    least = min((counts[name] for name in denses), key=lambda each: each.per_inference)
    with np.load(folder / "eval.npz") as archive:
        x, y = archive["x"], archive["y"]
    produced, runtime = outputs(folder / lead.file, x, processor, layout=chosen.input_layout, seconds=7200)
    right = 100 * float(np.mean(produced.argmax(axis=1) == y))
    found = {
        "model": manifest.model.name,
        "data": manifest.data.name,
        "recipe": manifest.recipe_name,
        "chosen": lead.file,
        "basis": lead.basis,
        "why": lead.why,
        "processor": processor,
        "runtime": runtime,
        "instructions": counts[lead.file].per_inference,
        "over_dense_of_its_runtime": round(ratio(counts[lead.file], own), 4),
        "over_least_dense": round(ratio(counts[lead.file], least), 4),
        "validation_drop": lead.candidates[lead.file].drop,
        "test_samples": len(y),
        "test_accuracy": right,
        "test_accuracy_dense": manifest.accuracy.dense if manifest.accuracy else None,
        "bytes": chosen.bytes,
        "files": {name: each.per_inference for name, each in counts.items()},
    }
    print(json.dumps(found, indent=1))
    return found


def layers(processor: str) -> list[dict]:
    """Instructions of layers on maps of several sizes: 1x1 convolutions, and depthwise ones each with a 1x1."""
    kinds = [(0, 0.9, 2), (0, 0.9, 1), (0, 0.8, 2), (0, 0.8, 1), (3, 0.9, 2), (5, 0.9, 2)]
    rows = []
    for side in (1, 2, 4, 8, 16):
        for kernel, zeros, block in kinds:
            shape = Shape("", (3, 2 * side, 2 * side), 5, block, zeros)
            one, three = (counted_chain(shape, kernel, times, processor) for times in (1, 3))
            dense, sparse = ((more - less) / 2 for less, more in zip(one, three, strict=True))
            kind = f"depthwise {kernel}x{kernel} and 1x1" if kernel else "1x1"
            rows.append(
                {"side": side, "layers": kind, "zeros": zeros, "block": block, "dense": dense, "sparse": sparse}
            )
            print(f"{sparse / dense:6.3f} {dense:>10,.0f} {sparse:>10,.0f}  {rows[-1]}", flush=True)
    return rows


def counted_chain(shape: Shape, kernel: int, times: int, processor: str) -> list[int]:
    """Instructions of a dense file and of a sparse one, of a stem and so many layers of 96 channels behind it."""
    torch.manual_seed(0)
    body: list[nn.Module] = [nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 96, 1), nn.ReLU()]
    for _ in range(times):
        if kernel:
            body += [nn.Conv2d(96, 96, kernel, 1, kernel // 2, groups=96), nn.ReLU()]
        body += [nn.Conv2d(96, 96, 1), nn.ReLU()]
    network = nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(96, shape.classes)).eval()
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1):
            layer.weight.data = pruned(layer.weight.data, shape)
    model = to_onnx(network, shape.input)
    enable._PAYS = float("inf")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{kind}.tflite" for kind in ("dense", "sparse")]
        for file in files:
            write_tflite(model, file, compress=file is files[1])
        assert proof.judged(files[1]).state == "on"
        return [count(file, processor).per_inference for file in files]


def trained(folder: Path, control: Path | None) -> dict:
    """What the files of a bundle weigh, get right and execute."""
    manifest = bundle.load(folder)
    assert manifest.accuracy is not None
    files: dict = {}
    for name, file in manifest.models.items():
        executed = {each: count(folder / name, each).per_inference for each in PROCESSORS[1:]}
        samples = manifest.accuracy.samples
        if file.accuracy is not None:
            accuracy, samples = file.accuracy.percent, file.accuracy.samples
        elif file.on_processor is not None:
            accuracy, samples = emulated_accuracy(folder, name, file.input_layout, executed[PROCESSORS[-1]])
        else:
            accuracy = manifest.accuracy.dense if file.kind == "dense" else manifest.accuracy.compressed
        files[name] = {
            **{"runtime": file.runtime, "kind": file.kind, "bytes": file.bytes, "instructions": executed},
            **{"test_accuracy": accuracy, "test_samples": samples},
        }
    for row in files.values():
        dense = next(each for each in files.values() if (each["runtime"], each["kind"]) == (row["runtime"], "dense"))
        row["ratio"] = {each: round(own / dense["instructions"][each], 4) for each, own in row["instructions"].items()}
    found = {
        "model": manifest.model.name,
        "input": manifest.model.input_shape,
        "data": manifest.data.name,
        "recipe": manifest.recipe_name,
        "seed": manifest.recipe.seed,
        "test_samples": manifest.accuracy.samples,
        "dense": manifest.accuracy.dense,
        "compressed": manifest.accuracy.compressed,
        "leads": manifest.lead and manifest.lead.file,
        "files": files,
    }
    if control is not None:
        other = bundle.load(control)
        assert other.accuracy is not None
        assert (other.model.name, other.recipe.seed) == (manifest.model.name, manifest.recipe.seed)
        assert other.accuracy.dense == manifest.accuracy.dense, "the control went on from another baseline"
        found["control"] = other.accuracy.compressed
    print(json.dumps(found, indent=1))
    return found


def emulated_accuracy(folder: Path, name: str, layout: str, executed: int) -> tuple[float, int]:
    """Of a file that computes in float16: percent right on an emulated Cortex-A76, of how many samples of eval.npz.

    Float16 is emulated a number at a time: the samples are those that take minutes.
    """
    some = max(64, FLOAT16_WORK // executed)
    with np.load(folder / "eval.npz") as archive:
        x, y = archive["x"][:some], archive["y"][:some]
    produced, _ = outputs(folder / name, x, PROCESSORS[-1], layout=layout, seconds=7200)
    return 100 * float(np.mean(produced.argmax(axis=1) == y)), len(y)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = made.add_subparsers(dest="command", required=True)
    names = ("wrong", "shapes", "instructions", "best", "layers", "trained")
    drawing, shaping, counting, leading, of_layers, of_bundle = (commands.add_parser(name) for name in names)
    drawing.add_argument("--count", type=int, default=200)
    shaping.add_argument("names", nargs="*", choices=[*SHAPES, []], metavar="NAME", help=", ".join(SHAPES))
    counting.add_argument("files", nargs="+", type=Path)
    for each in (leading, of_bundle):
        each.add_argument("bundle", type=Path)
    of_bundle.add_argument("--control", type=Path)
    for each in (shaping, counting, of_layers):
        each.add_argument("--processor", default="cortex-a72")
    for each in (drawing, shaping, counting, leading, of_layers, of_bundle):
        each.add_argument("--keep", action="store_true")
    return made


def rows_of(given: argparse.Namespace) -> Iterator[tuple[str, dict]]:
    """What a command finds, each with its place in the record."""
    if given.command == "instructions":
        yield f"{given.files[-1].parent.name}, {given.processor}", instructions(given.files, given.processor)
    elif given.command == "best":
        yield f"best/{given.bundle.resolve().name}", best(given.bundle)
    elif given.command == "layers":
        yield "layers", {"processor": given.processor, "rows": layers(given.processor)}
    elif given.command == "trained":
        row = trained(given.bundle, given.control)
        yield f"trained/{row['model']}-{row['input'][-1]}-{row['seed']}", row
    else:
        for name in given.names or SHAPES:
            print(name)
            yield f"shapes/{name}", shapes(name, given.processor)


def main() -> int:
    given = parser().parse_args()
    if given.command == "wrong":
        return wrong_command(given.count, kept=given.keep)
    for place, row in rows_of(given):
        if given.keep:
            keep(place, row)
        if given.command == "best" and row["test_accuracy"] < row["test_accuracy_dense"] - 1:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
