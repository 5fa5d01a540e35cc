"""How packing scales: user CPU and bytes of chains of small convolutions, and what loading them takes beside dense.

    python benchmarks/pack_scale.py [--tensors 100 200 400 800]

A chain of N convolutions (32 to 32 channels, 3x3, biases, 90 % zeros, 16 values a layer) is packed in both modes, and
decoded again: every weight must be what it was. Load is the CPU time of a process of its own, the least of three, and
peak its VmHWM. Exit code 1: N times as many tensors take more than 1.15 N times as long, or a file is not exact.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
from onnx import TensorProto, helper, numpy_helper

from edgecompress.formats.onnx.decoded import decoded_weights
from edgecompress.formats.onnx.network import write_compressed

LINEAR = 1.15
CHANNELS, ZEROS, VALUES = 32, 0.9, 16
_LOAD = """
import sys, time
import onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
start = time.process_time()
onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
taken = time.process_time() - start
status = open("/proc/self/status").read().splitlines()
print(1e3 * taken, next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


def chain(count: int) -> onnx.ModelProto:
    """The model, with the names that PyTorch gives to a Sequential of convolutions and ReLUs."""
    random = np.random.default_rng(0)
    nodes, weights, value = [], [], "x"
    for number in range(count):
        array = random.laplace(0, 0.05, (CHANNELS, CHANNELS, 3, 3)).astype(np.float32)
        cut = np.quantile(np.abs(array), ZEROS)
        levels = np.quantile(array[np.abs(array) > cut], (np.arange(VALUES) + 0.5) / VALUES).astype(np.float32)
        nearest = levels[np.abs(array[..., np.newaxis] - levels).argmin(-1)]
        array = np.where(np.abs(array) <= cut, 0, nearest).astype(np.float32)
        bias = random.normal(0, 0.1, CHANNELS).astype(np.float32)
        name = f"{2 * number}"
        weights += [numpy_helper.from_array(array, f"{name}.weight"), numpy_helper.from_array(bias, f"{name}.bias")]
        inputs = [value, f"{name}.weight", f"{name}.bias"]
        nodes.append(helper.make_node("Conv", inputs, [f"c{number}"], pads=[1] * 4))
        nodes.append(helper.make_node("Relu", [f"c{number}"], [f"r{number}"]))
        value = f"r{number}"
    ends = (helper.make_tensor_value_info(each, TensorProto.FLOAT, [1, CHANNELS, 8, 8]) for each in ("x", value))
    graph = helper.make_graph(nodes, "chain", *([end] for end in ends), weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def loaded(path: Path) -> tuple[float, float]:
    """CPU milliseconds and MiB at the peak, the least of three processes."""
    outputs = [subprocess.check_output([sys.executable, "-c", _LOAD, str(path)], text=True).split() for _ in range(3)]
    return min(float(taken) for taken, _ in outputs), min(int(peak) for _, peak in outputs) / 1024


def packed(model: onnx.ModelProto, path: Path, mode: str, dense: tuple[float, float]) -> dict[str, object]:
    """Pack the model; what it took, and what the file takes."""
    start = os.times().user
    ledger = write_compressed(ir.from_proto(model), path, mode)
    taken = os.times().user - start
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    found = decoded_weights(path)
    exact = all(found[name].tobytes() == array.tobytes() for name, array in arrays.items())
    load, peak = loaded(path)
    return {
        "mode": mode,
        "user_seconds": round(taken, 2),
        "bytes": ledger.file_bytes,
        "of_bound": round(ledger.file_bytes / ledger.entropy_bytes, 4),
        "exact": exact,
        "load": round(load / dense[0], 2),
        "peak": round(peak / dense[1], 2),
    }


def main() -> None:
    """Print a row a file; exit code 1 if time is not linear or a file not exact."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tensors", type=int, nargs="+", default=[100, 200, 400, 800])
    wanted = parser.parse_args()
    rows: list[dict[str, object]] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="edgecompress-scale-") as folder:
        for count in wanted.tensors:
            model, dense = chain(count), Path(folder) / "dense.onnx"
            onnx.save(model, dense)
            beside = loaded(dense)
            for mode in ("fast-load", "smallest"):
                rows.append({"tensors": count, **packed(model, Path(folder) / "packed.onnx", mode, beside)})
                print(" ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    print(f"load average {os.getloadavg()[0]:.1f}, {time.monotonic() - began:.0f} s")
    by_mode = {mode: [row for row in rows if row["mode"] == mode] for mode in ("fast-load", "smallest")}
    each = {mode: [row["user_seconds"] / row["tensors"] for row in some] for mode, some in by_mode.items()}
    linear = all(taken[-1] <= LINEAR * taken[0] for taken in each.values())
    sys.exit(not linear or not all(row["exact"] for row in rows))


if __name__ == "__main__":
    main()
