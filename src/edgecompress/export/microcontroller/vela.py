"""Vela, Arm's compiler for Ethos-U: an int8 file compiled in a process of its own, and what it estimates of it."""

import csv
import importlib.metadata
import importlib.util
import shutil
import tempfile
from pathlib import Path
from typing import get_args

from edgecompress import methods
from edgecompress.errors import CheckError, InputError, MissingDependencyError
from edgecompress.export.microcontroller.operators import ETHOS_U, in_order
from edgecompress.export.microcontroller.records import VelaEstimate
from edgecompress.formats import find
from edgecompress.formats.tflite import model_file
from edgecompress.isolated.process import run_program
from edgecompress.target import Npu

SECONDS = 3600
_MODULE, DISTRIBUTION = "ethosu.vela", "ethos-u-vela"
# Of Vela's own configurations, those with weights in flash and activations in SRAM: a board without DRAM.
_SYSTEMS = {
    "ethos-u55": "Ethos_U55_High_End_Embedded",
    "ethos-u65": "Ethos_U65_Embedded",
    "ethos-u85": "Ethos_U85_SYS_Flash_High",
}
_MEMORY_MODE = "Shared_Sram"
_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
# Of a convolution behind a PAD: Vela 5.2 makes one operator of both for Ethos-U55 and U65, and cannot place that.
# Without the PAD it takes a stride of 4 apart.
_MOST_STRIDE = 3


def check_installed() -> None:
    """Make sure that Vela is there, before hours of training and not after.

    Raises:
        MissingDependencyError: it is not; the line says what to install.
    """
    if importlib.util.find_spec("ethosu") is None or importlib.util.find_spec(_MODULE) is None:
        raise MissingDependencyError(
            f"files for Ethos-U are compiled by {DISTRIBUTION}; install it with: pip install 'edgecompress[ethos-u]'"
        )


def estimate(npu: str, path: Path) -> VelaEstimate:
    """Compile the user's own TFLite file for an Ethos-U, keep nothing of it, and hand on what Vela estimates.

    Raises:
        MissingDependencyError: Vela is not installed.
        InputError: there is no such Ethos-U, the file is no TFLite file, or Vela refuses it.
        CheckError: Vela ended well without a file or a summary.
    """
    known = get_args(Npu)
    if npu not in known:
        raise InputError(methods.unknown("Ethos-U", npu, list(known)))
    if (name := find.of_file(path).name) != "tflite":
        raise InputError(f"{path}: Vela compiles .tflite files, and this one is {name}; convert it before")
    check_installed()
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        return compile_for(next(each for each in known if each == npu), path, Path(folder) / path.name)


def compile_for(npu: Npu, path: Path, written: Path) -> VelaEstimate:
    """Compile an int8 TFLite file for an Ethos-U into ``written``.

    Raises:
        InputError: Vela refuses it; the line has its reason, and layers beyond a known limit.
        CheckError: Vela ended well and wrote no file, or no summary that can be read.
    """
    version = importlib.metadata.version(DISTRIBUTION)
    system = _SYSTEMS[npu.rpartition("-")[0]]
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as name:
        folder = Path(name)
        options = {
            "accelerator-config": npu,
            "config": "Arm/vela.ini",
            "system-config": system,
            "memory-mode": _MEMORY_MODE,
            "output-dir": name,
        }
        arguments = [str(path.resolve()), *(part for key, value in options.items() for part in (f"--{key}", value))]
        code, reason = run_program(_MODULE, arguments, seconds=SECONDS)
        if code:
            raise InputError(f"Vela {version} does not compile the network for {npu} ({reason}){_beyond(npu, path)}")
        compiled = folder / f"{path.stem}_vela.tflite"
        summaries = list(folder.glob("*_summary_*.csv"))
        if not compiled.is_file() or len(summaries) != 1:
            raise CheckError(f"{path}: Vela {version} ended well and wrote no compiled file with a summary")
        shutil.copyfile(compiled, written)
        return _estimate(summaries[0], written, npu, version)


def _estimate(summary: Path, compiled: Path, npu: Npu, version: str) -> VelaEstimate:
    """The estimate in Vela's summary: one row, memory in KiB."""
    try:
        with summary.open(encoding="utf-8", newline="") as stream:
            row = next(csv.DictReader(stream))
        flash = float(row["off_chip_flash_memory_used"]) + float(row["on_chip_flash_memory_used"])
        return VelaEstimate(
            version=version,
            npu=npu,
            system=row["system_config"],
            memory_mode=row["memory_mode"],
            encoded_weight_bytes=int(float(row["total_npu_encoded_weights"])),
            file_bytes=compiled.stat().st_size,
            sram_bytes=round(1024 * float(row["sram_memory_used"])),
            flash_bytes=round(1024 * flash),
            cycles=int(float(row["cycles_total"])),
            inference_seconds=float(row["inference_time"]),
            on_cpu=[each for each in in_order(compiled) if each != ETHOS_U],
        )
    except (KeyError, StopIteration, ValueError) as error:
        raise CheckError(
            f"the summary of Vela {version} has no such figures as Vela 5.2 ({error}); install that one"
        ) from error


def _beyond(npu: Npu, path: Path) -> str:
    """The advice after a refusal, with the convolutions that Vela is known to stop at for Ethos-U55 and U65."""
    if npu.startswith("ethos-u85"):
        return "; choose another network"
    strides = _padded_strides(path)
    if not strides:
        return "; choose another network, or an ethos-u85"
    found = " and ".join(map(str, strides))
    return (
        f": for Ethos-U55 and U65 it stops at a convolution with a stride over {_MOST_STRIDE} behind padding, and here "
        f"is one of {found}; give that convolution no padding or a smaller stride, or choose an ethos-u85"
    )


def _padded_strides(path: Path) -> list[int]:
    """The strides over ``_MOST_STRIDE`` of convolutions that read what a PAD made."""
    found = []
    with model_file.parsed(path) as model, model_file.damage(path):
        for graph in model.subgraphs:
            padded: set[int] = set()
            for operator in graph.operators:
                name = model_file.operator_name(model, operator)
                if name == "PAD":
                    padded.add(int(operator.outputs[0]))
                elif name in _CONVOLUTIONS and int(operator.inputs[0]) in padded:
                    found.append(max(int(operator.builtinOptions.strideH), int(operator.builtinOptions.strideW)))
    return [stride for stride in found if stride > _MOST_STRIDE]
