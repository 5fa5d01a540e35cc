"""Small valid files of every kind that a command takes, made on the spot."""

import io
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import onnx_ir as ir
from onnx import TensorProto, helper, load, numpy_helper, save

from edgecompress.formats.ecz.pack import pack_container
from edgecompress.formats.onnx.network import write_onnx
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.progress import silent

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"
FEW = 24  # samples of a benchmark are cut to so many, so that what is changed is seldom one of them

Corpus = dict[str, list[Path]]


def make(folder: Path) -> Corpus:
    """Write the files into ``folder``: the paths by the kind of file."""
    folder.mkdir(parents=True, exist_ok=True)
    found: Corpus = {"onnx": _onnx(folder), "tflite": [], "ecz": []}
    model = ir.load(found["onnx"][0])
    for name, compress in (("dense", False), ("small", True)):
        write_tflite(model, folder / f"{name}.tflite", compress=compress)
        found["tflite"].append(folder / f"{name}.tflite")
    tied = folder / "tied.onnx"  # its container holds a copy
    model = load(found["onnx"][0])
    model.graph.initializer.append(TensorProto.FromString(model.graph.initializer[0].SerializeToString()))
    model.graph.initializer[-1].name = "tied"
    save(model, tied)
    for source in (found["onnx"][0], found["tflite"][0], tied):
        target = folder / f"{source.name}.ecz"
        pack_container(source, target, progress=silent)
        found["ecz"].append(target)
    found["record"] = _records(folder)
    found["recipe"] = sorted((ROOT / "recipes").glob("*.toml"))[:4]
    found["target"] = sorted((ROOT / "targets").glob("*.toml"))[:4]
    found["devices"] = [folder / "devices.toml"]
    found["devices"][0].write_text(
        '[bench-pi]\naddress = "ssh://pi@192.0.2.7:2222"\ntarget = "rpi4"\nruntimes = ["onnxruntime"]\n'
        'folder = "/var/tmp/e"\n\n[phone]\naddress = "adb:0123456789ABCDEF"\n'
    )
    found["npz"] = [folder / "data.npz"]
    np.savez_compressed(
        found["npz"][0], x=np.arange(48, dtype=np.float32).reshape(8, 6), y=np.arange(8) % 2, classes=["a", "b"]
    )
    return found | _archives(folder)


def _onnx(folder: Path) -> list[Path]:
    """A convolution, an addition, a pool and a dense layer; the same compressed; one with an If and a Loop's body."""
    random = np.random.default_rng(0)
    values = random.normal(size=12).astype(np.float32)
    conv = np.where(random.random((8, 3, 3, 3)) < 0.6, 0, random.choice(values, (8, 3, 3, 3))).astype(np.float32)
    dense = np.where(random.random((5, 8)) < 0.5, 0, random.choice(values, (5, 8))).astype(np.float32)
    initializers = [
        numpy_helper.from_array(array, name)
        for name, array in (("conv.w", conv), ("bias", values[:8].reshape(1, 8, 1, 1)), ("fc.w", dense))
    ]
    nodes = [
        helper.make_node("Conv", ["x", "conv.w"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["a", "bias"], ["b"]),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("GlobalAveragePool", ["c"], ["d"]),
        helper.make_node("Flatten", ["d"], ["e"]),
        helper.make_node("Gemm", ["e", "fc.w"], ["y"], transB=1),
    ]
    ends = (("x", ["batch", 3, 6, 6]), ("y", ["batch", 5]))
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ends)
    plain, packed, branches = (folder / f"{name}.onnx" for name in ("plain", "packed", "branches"))
    graph = helper.make_graph(nodes, "g", [x], [y], initializers)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), plain)
    write_onnx(ir.load(plain), packed, compress=True)

    def branch(name: str, factor: float) -> object:
        weight = numpy_helper.from_array(np.full((6, 6), factor, np.float32), f"{name}.w")
        out = helper.make_tensor_value_info(f"{name}.y", TensorProto.FLOAT, None)
        return helper.make_graph(
            [helper.make_node("MatMul", ["x", weight.name], [f"{name}.y"])], name, [], [out], [weight]
        )

    test = numpy_helper.from_array(np.array(True), "test")
    node = helper.make_node("If", ["test"], ["y"], then_branch=branch("then", 1.0), else_branch=branch("else", 2.0))
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 6]) for name in "xy")
    graph = helper.make_graph([node], "g", [x], [y], [test])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), branches)
    return [plain, packed, branches]


def _records(folder: Path) -> list[Path]:
    """One of each kind that a build, a benchmark and a study write, and a benchmark of the version before."""
    sources = {
        "manifest": RESULTS / "alexnet-digits" / "manifest.json",
        "bench": RESULTS / "alexnet-digits" / "record.json",
        "older": ROOT / "tests" / "golden" / "bench-1.json",
        "cell": sorted((RESULTS / "study").glob("*-seed1.json"))[0],
        "index": RESULTS / "study" / "index.json",
    }
    paths = []
    for name, source in sources.items():
        document = json.loads(source.read_bytes())
        for file in document.get("files", {}).values():
            if latency := file.get("latency"):
                latency["samples_ns"] = latency["samples_ns"][:FEW]
                if latency.get("processes"):
                    latency["processes"] = [len(latency["samples_ns"])]
        paths.append(folder / f"{name}.json")
        paths[-1].write_text(json.dumps(document, indent=1))
    return paths


def _archives(folder: Path) -> Corpus:
    """What data sets are read from, with too few samples: the archives are opened all the same."""
    cifar = folder / "cifar-10-binary.tar.gz"
    with tarfile.open(cifar, "w:gz") as archive:
        for name in [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]:
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = 3073 * 2
            archive.addfile(member, io.BytesIO(bytes(member.size)))
    har = folder / "UCI HAR Dataset.zip"
    with zipfile.ZipFile(har, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in ("train", "test"):
            for name in ("y", "subject"):
                archive.writestr(f"UCI HAR Dataset/{part}/{name}_{part}.txt", "1\n2\n" * 4)
            for sensor in ("body_acc", "body_gyro", "total_acc"):
                for axis in "xyz":
                    text = "\n".join(" 1.0e-01" * 128 for _ in range(8)) + "\n"
                    archive.writestr(f"UCI HAR Dataset/{part}/Inertial Signals/{sensor}_{axis}_{part}.txt", text)
    return {"cifar": [cifar], "har": [har]}
