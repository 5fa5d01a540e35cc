"""Peak memory of ``pack`` on a model of more than 100 million parameters, in times the size of its file.

    python benchmarks/large_model.py [--parameters 104e6]

The model is synthetic: layers of 4096x4096, 90 % zeros, 31 values. It is packed from one file, and from one with its
weights in a second file, in both modes, each in a new process; every packed file is proved as ever. ``pack`` is what
the program itself takes, which must be at most 3 times the file; ``proof`` is the process in which onnxruntime loads
and runs the packed file, whose memory is the runtime's own.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH = 4096
LIMIT = 3.0
# What getrusage says of a process itself counts its parent's memory too, from before it became another program.
_PACK = """
import resource, sys
from pathlib import Path
from edgecompress.export.pack import pack
from edgecompress.progress import silent
pack(Path(sys.argv[1]), Path(sys.argv[2]), encoding=sys.argv[3], progress=silent)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def write(path: Path, parameters: int, *, external: bool) -> None:
    """A chain of dense layers with about so many parameters."""
    random = np.random.default_rng(0)
    nodes, weights, value = [], [], "x"
    for number in range(max(1, round(parameters / WIDTH**2))):
        array = random.laplace(0, 0.02, (WIDTH, WIDTH)).astype(np.float32)
        step = np.float32(np.quantile(np.abs(array[:256]), 0.9))
        levels = np.round(array / step * 2).clip(-15, 15) / 2 * step
        array = np.where(np.abs(array) < step, 0, levels).astype(np.float32)
        weights.append(numpy_helper.from_array(array, f"layers.{number}.weight"))
        nodes.append(helper.make_node("Gemm", [value, weights[-1].name], [f"h{number}"], transB=1))
        nodes.append(helper.make_node("Relu", [f"h{number}"], [f"r{number}"]))
        value = f"r{number}"
    ends = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", WIDTH]) for name in ("x", value))
    graph = helper.make_graph(nodes, "large", *([end] for end in ends), weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path, save_as_external_data=external, location=f"{path.name}.data")


def main() -> None:
    """Print a row a case; exit code 1 if one takes more than the limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parameters", type=float, default=104e6)
    wanted = parser.parse_args()
    beyond = False
    print(
        "| file | mode | MiB | packed MiB | pack, times the file | proof, times the file |\n|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory(prefix="edgecompress-large-") as folder:
        for external in (False, True):
            source = Path(folder) / "model.onnx"
            write(source, int(wanted.parameters), external=external)
            size = sum(file.stat().st_size for file in Path(folder).glob("model.onnx*"))
            for mode in ("fast-load", "smallest"):
                target = Path(folder) / "packed.onnx"
                done = subprocess.run(
                    [sys.executable, "-c", _PACK, str(source), str(target), mode],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                own, proof = (1024 * int(line) / size for line in done.stdout.split())
                beyond |= own > LIMIT
                where = "two files" if external else "one file"
                sizes = f"{size / 2**20:.0f} | {target.stat().st_size / 2**20:.1f}"
                print(f"| {where} | {mode} | {sizes} | {own:.2f} | {proof:.2f} |", flush=True)
            for file in Path(folder).glob("model.onnx*"):
                file.unlink()
    sys.exit(beyond)


if __name__ == "__main__":
    main()
