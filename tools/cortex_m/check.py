#!/usr/bin/env python3
"""A microcontroller's bundle, compiled for a Cortex-M55 and run in QEMU: its outputs and RAM, beside those here.

Usage: python tools/cortex_m/check.py BUNDLE --sources FOLDER [--samples 64] [--build DIR] [--decode] [--no-bench]

FOLDER holds the checkouts tflite-micro, flatbuffers, gemmlowp and ruy, at the releases that TensorFlow Lite Micro asks
for. It is compiled with its reference kernels, once, into --build (dist/cortex-m). Needs gcc-arm-none-eabi,
libnewlib-arm-none-eabi, libstdc++-arm-none-eabi-newlib, qemu-system-arm, and edgecompress[tflite-micro]. A bundle for
an Ethos-U does not run there: QEMU has none.

main.cc runs as it is. Then its one inference is put in a loop over the first samples of eval.npz, and each output
must be bit by bit that of the tflite-micro package here. Last, serve.cc runs, and 'edgecompress bench' measures it over
the board's UART on a pseudo-terminal, with all of eval.npz: as many answers must be right as in the build's proof.
That needs edgecompress[serial] too; --no-bench leaves it out. --decode does all that with the file that decodes its
weights, of TensorFlow Lite Micro since November 2025. Exit code 1 if something differs.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from edgecompress.progress import Paced, line

HERE = Path(__file__).resolve().parent
CXX = "arm-none-eabi-g++"
SIZE, ARCHIVE = "arm-none-eabi-size", "arm-none-eabi-ar"
FLAGS = [
    "-mcpu=cortex-m55",
    "-mthumb",
    "-mfloat-abi=hard",
    "-std=c++17",
    "-O2",
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-threadsafe-statics",
    "-ffunction-sections",
    "-fdata-sections",
    "-DTF_LITE_STATIC_MEMORY",
]
WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter")
QEMU = ("qemu-system-arm", "-M", "mps3-an547", "-nographic", "-semihosting-config", "enable=on,target=native")
LITE = "tensorflow/lite"
# What TensorFlow Lite Micro is made of for a board without kernels of its own.
PARTS = (
    f"{LITE}/micro/*.cc",
    *(f"{LITE}/micro/{folder}/*.cc" for folder in ("arena_allocator", "memory_planner", "tflite_bridge", "kernels")),
    *(f"{LITE}/{folder}/*.cc" for folder in ("core/api", "core/c", "kernels", "kernels/internal")),
    f"{LITE}/kernels/internal/reference/*.cc",
    "tensorflow/compiler/mlir/lite/core/api/*.cc",
    "tensorflow/compiler/mlir/lite/schema/*.cc",
)
NOT = re.compile(r"_test\.cc|/test_helper|/mock_|/fake_|debug_log\.cc|recording_micro_allocator")
RUN_ONCE = "  float* input = interpreter.input(0)->data.f;"
PTY = re.compile(r"/dev/\S+")
SECONDS = 1800


def main() -> None:
    """Compile, run, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--sources", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--build", type=Path, default=Path("dist/cortex-m"))
    parser.add_argument("--decode", action="store_true")
    parser.add_argument("--no-bench", action="store_true")
    given = parser.parse_args()
    suffix = "_decode" if given.decode else ""
    main_cc, data = given.bundle / f"main{suffix}.cc", given.bundle / f"model_data{suffix}.cc"
    given.build.mkdir(parents=True, exist_ok=True)
    includes = [f"-I{given.sources / each}" for each in ("tflite-micro", "flatbuffers/include", "gemmlowp", "ruy")]
    library = compiled(given.sources / "tflite-micro", includes, given.build)
    firmware = linked(main_cc, data, includes, library, given.build)
    print(subprocess.run([SIZE, firmware], check=True, capture_output=True, text=True).stdout, end="")
    print("\n".join(run(firmware)))
    samples = np.load(given.bundle / "eval.npz")["x"][: given.samples]
    rows = np.ascontiguousarray(np.moveaxis(samples, 1, -1), dtype=np.float32)
    many = given.build / "many.cc"
    many.write_text(in_a_loop(main_cc.read_text(), rows))
    bits = [int(line, 16) for line in run(linked(many, data, includes, library, given.build))]
    there = np.array(bits, dtype=np.uint32).view(np.float32).reshape(len(rows), -1)
    here = on_this_machine(given.bundle / f"model-int8{suffix.replace('_', '-')}.tflite", rows)
    different = int(np.count_nonzero(there != here))
    print(f"{there.size} outputs of {len(rows)} samples, {different} of them other than tflite-micro's on this machine")
    if given.no_bench:
        sys.exit(1 if different else 0)
    served = linked(
        given.bundle / f"serve{suffix}.cc",
        data,
        includes,
        library,
        given.build,
        HERE / "serial.cc",
        "-DEDGECOMPRESS_EMULATED",
    )
    sys.exit(1 if benchmarked(served, given.bundle, given.build) or different else 0)


def compiled(tree: Path, includes: list[str], build: Path) -> Path:
    """TensorFlow Lite Micro as a library; what was compiled before is taken as it is."""
    wanted = [path for part in PARTS for path in sorted(tree.glob(part)) if not NOT.search(str(path))]
    objects = {build / "objects" / path.relative_to(tree).with_suffix(".o"): path for path in wanted}

    def compile_one(made: Path) -> None:
        if not made.exists():
            made.parent.mkdir(parents=True, exist_ok=True)
            half = made.with_suffix(".half")
            subprocess.run([CXX, *FLAGS, "-w", *includes, "-c", objects[made], "-o", half], check=True)
            half.rename(made)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, objects))
    library = build / "libtflite-micro.a"
    library.unlink(missing_ok=True)
    subprocess.run([ARCHIVE, "rcs", library, *objects], check=True)
    return library


def linked(program: Path, data: Path, includes: list[str], library: Path, build: Path, *more: Path | str) -> Path:
    """A firmware of a program, the model as an array and the board; ``more`` are sources and options."""
    firmware = build / f"{program.stem}.elf"
    sources = [program, data, HERE / "board.cc", *more]
    link = ["-nostartfiles", "-Wl,--gc-sections", "-T", HERE / "board.ld", library, "-lm", "-o", firmware]
    # Warnings are for the bundle's sources, and not for the headers that they include.
    others = [each.replace("-I", "-isystem", 1) for each in includes]
    subprocess.run([CXX, *FLAGS, *WARNINGS, *others, f"-I{data.parent}", *sources, *link], check=True)
    return firmware


def run(firmware: Path) -> list[str]:
    """The lines that a firmware prints.

    Raises:
        SystemExit: it ends with another code than 0, or not at all.
    """
    done = subprocess.run([*QEMU, "-kernel", firmware], capture_output=True, text=True, timeout=SECONDS, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    if done.returncode:
        sys.exit(f"{firmware} ended with code {done.returncode}: {' '.join(lines[-3:])}")
    return lines


def benchmarked(firmware: Path, bundle: Path, build: Path) -> bool:
    """Whether a benchmark of serve.cc over the emulated UART has other answers than the build's proof."""
    from edgecompress.library.bundles import Bundle

    options = ["-monitor", "none", "-serial", "pty"]
    process = subprocess.Popen([*QEMU, *options, "-kernel", firmware], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = PTY.search(process.stdout.readline())
        if found is None:
            sys.exit("QEMU names no pseudo-terminal")
        measured = Bundle.open(bundle)
        began = time.monotonic()
        record = measured.bench(f"serial:{found[0]}", "quick", output=build / "serial.json", progress=shown())
        seconds = time.monotonic() - began
    finally:
        process.kill()
        process.wait()
    ((name, file),) = record.files.items()
    built, there, right = next(iter(measured.models.values())).accuracy, file.firmware, file.accuracy
    assert there is not None
    assert right is not None
    print(
        f"{name} by bench: {record.taken}, {right.correct} of {right.samples} right in {seconds:.0f} s; "
        f"arena {there.arena_bytes} of {there.arena_size} bytes; {100 * there.differing:.2f} % of the outputs of "
        f"{there.compared} samples differ from LiteRT's, by at most {there.largest_steps} steps; "
        f"{there.repeated_lines} lines sent again"
    )
    return built is None or right.correct != built.correct


def shown() -> Paced:
    """Progress on standard error."""
    return Paced(lambda *step: print(line(*step), file=sys.stderr))


def in_a_loop(program: str, rows: np.ndarray) -> str:
    """main.cc with its inference once for each row, and each output printed as the bits of its float32."""
    before, found, _ = program.partition(RUN_ONCE)
    if not found:
        sys.exit("main.cc has no inference where this program looks for it")
    values = ",\n".join("{" + ",".join(f"{bits:#x}" for bits in row.view(np.uint32).ravel()) + "}" for row in rows)
    return (
        "#include <cstdint>\n#include <cstring>\n"
        f"static const std::uint32_t kSamples[{len(rows)}][{rows[0].size}] = {{{values}}};\n{before}"
        """
  for (const auto& sample : kSamples) {
    static_assert(sizeof sample == kInputs * sizeof(float), "samples of another shape");
    std::memcpy(interpreter.input(0)->data.f, sample, sizeof sample);
    if (interpreter.Invoke() != kTfLiteOk) return 3;
    for (int i = 0; i < kOutputs; ++i) {
      std::uint32_t bits;
      std::memcpy(&bits, interpreter.output(0)->data.f + i, sizeof bits);
      MicroPrintf("%x", static_cast<unsigned>(bits));
    }
  }
  return 0;
}
"""
    )


def on_this_machine(path: Path, rows: np.ndarray) -> np.ndarray:
    """The outputs of the tflite-micro package."""
    from tflite_micro.python.tflite_micro import runtime

    made, found = runtime.Interpreter.from_file(str(path)), []
    for place in range(len(rows)):
        made.set_input(rows[place : place + 1], 0)
        made.invoke()
        found.append(np.array(made.get_output(0)).ravel())
    return np.array(found)


if __name__ == "__main__":
    main()
