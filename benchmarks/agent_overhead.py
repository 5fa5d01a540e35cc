"""What the agent's own code adds to its times: its p50 against that of a bare loop and of onnxruntime's profiler.

    python benchmarks/agent_overhead.py BUNDLE [--file dense.onnx ...] [--rounds 20] [--runs 1000] [--keep]

In every round the agent, a bare loop around the runtime's own call and, for an ONNX file, the agent's engine under
onnxruntime's profiler run one after the other, each in a process of its own, and in the next round in the reverse
order. All have the same processor affinity, number of threads, inputs and warm-up. A round gives two ratios of medians:
the agent's over the bare loop's; and, of the profiled runs, the time as the agent takes it over the profiler's
``model_run``, both of the same runs: profiling takes time for every node, which is in both. That cost is printed too.
The ratio of all is the median over rounds, its 95 % interval a bootstrap over rounds. Run it alone on the machine, on
files whose inference lasts half a millisecond at least: the few microseconds of a call count for more in shorter ones.

Exit code 1: the agent is more than 2 % above the bare loop, or more than 5 % from the profiler, and the whole interval
says so. --keep writes results/agent-overhead.json.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from edgecompress.record import short_arrays

ROWS = 31
WARMUP = 100
ABOVE_LOOP, FROM_PROFILER = 0.02, 0.05
RESAMPLES = 10_000
RECORD = Path(__file__).parents[1] / "results" / "agent-overhead.json"


def bare(file: str, inputs: str, threads: int, runs: int) -> list[int]:
    """Nanoseconds of each call, as somebody would take them who knows only the runtime."""
    rows = np.load(inputs)["x"]
    samples = []
    if file.endswith(".onnx"):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        for number in range(WARMUP + runs):
            x = rows[number % ROWS][None]
            start = time.perf_counter_ns()
            session.run(None, {name: x})
            samples.append(time.perf_counter_ns() - start)
    else:
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_path=file, num_threads=threads)
        interpreter.allocate_tensors()
        given, asked = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
        for number in range(WARMUP + runs):
            x = rows[number % ROWS][None]
            start = time.perf_counter_ns()
            interpreter.set_tensor(given, x)
            interpreter.invoke()
            interpreter.get_tensor(asked)
            samples.append(time.perf_counter_ns() - start)
    return samples[WARMUP:]


def profiled(file: str, inputs: str, threads: int, runs: int) -> tuple[list[int], list[int]]:
    """Nanoseconds of each call as the agent's engine is timed, and as onnxruntime's profiler saw the same call."""
    from edgecompress.agent import engines
    from edgecompress.agent import inputs as fed
    from edgecompress.agent.accelerator import NONE
    from edgecompress.agent.engines.onnxruntime_profile import read

    rows = np.load(inputs)["x"]
    samples = []
    with tempfile.TemporaryDirectory() as folder:
        loaded = engines.load_profiled(Path(file), threads, NONE, Path(folder))
        assert loaded is not None
        engine, finish = loaded
        feeds = fed.batches({fed.ONLY: rows[:ROWS]}, engine, "channels_first")
        for number in range(WARMUP + runs):
            feed = feeds[number % ROWS]
            start = time.perf_counter_ns()
            engine.run(feed)
            samples.append(time.perf_counter_ns() - start)
        _, taken = read(finish(), WARMUP)
    return samples[WARMUP:], [1000 * microseconds for microseconds in taken]


def child(*command: str) -> str:
    """Run a Python of its own; the last line it prints."""
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr or done.stdout)
    return done.stdout.splitlines()[-1]


def medians(path: Path, layout: str, folder: Path, threads: int, runs: int, order: list[str]) -> dict[str, float]:
    """The median of each way to time a file, taken in this order."""
    job = {
        "files": [{"file": str(path), "layout": layout}],
        "inputs": str(folder / "first.npz"),
        "warmup": WARMUP,
        "min_runs": runs,
        "max_seconds": 3600,
        "threads": threads,
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    found = {}
    for way in order:
        if way == "agent":
            said = json.loads(child("-m", "edgecompress.agent", "latency", str(folder / "job.json")))
            taken = {way: said["samples_ns"]}
        else:
            inputs = str(folder / f"{layout}.npz")
            samples = json.loads(child(__file__, f"--{way}", str(path), inputs, str(threads), str(runs)))
            taken = {way: samples} if way == "bare" else dict(zip(("profiled", "profiler"), samples, strict=True))
        for name, samples in taken.items():
            assert len(samples) == runs, f"{name} took {len(samples)} of {runs} runs"
            found[name] = float(np.median(samples))
    return found


def interval(ratios: list[float]) -> tuple[float, float, float]:
    """The median of a list, and its 95 % interval: percentiles of a bootstrap over rounds (Efron, 1979)."""
    values = np.asarray(ratios)
    picks = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(np.median(values[picks], axis=1), [2.5, 97.5])
    return float(np.median(values)), float(low), float(high)


def judged(what: str, ratios: list[float], least: float, most: float) -> dict[str, object]:
    """Print a ratio and say whether it keeps a limit; a limit is missed where the whole interval lies beyond it."""
    ratio, low, high = interval(ratios)
    held = "NO" if low > most or high < least else "yes" if least <= low and high <= most else "unclear"
    bounds = f"at most {most:g}" if not least else f"{least:g} to {most:g}"
    print(f"  {what:<34} {ratio:.4f} (95 %: {low:.4f} to {high:.4f}), {bounds}: {held}", flush=True)
    return {"ratio": ratio, "low": low, "high": high, "rounds": ratios, "held": held}


def main() -> None:
    """Print the ratios of every file and judge them."""
    if sys.argv[1:2] in (["--bare"], ["--profiled"]):
        way, file, inputs, threads, runs = sys.argv[1:]
        print(json.dumps({"--bare": bare, "--profiled": profiled}[way](file, inputs, int(threads), int(runs))))
        return
    # Not for the bare loop's process, which is to hold what it needs and nothing else.
    from edgecompress import bundle
    from encode import cpu

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--file", action="append", help="of the bundle; default: dense.onnx and dense.tflite")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cpus", help="processors that all may use, as in 0,1; default: those of this process")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    if given.cpus:
        os.sched_setaffinity(0, {int(each) for each in given.cpus.split(",")})
    models = bundle.load(given.bundle).models
    files: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        x = np.load(given.bundle / "eval.npz")["x"][:ROWS]
        np.savez(folder / "first.npz", x=x)  # the agent changes the layout by itself
        np.savez(folder / "channels_first.npz", x=x)
        np.savez(folder / "channels_last.npz", x=np.ascontiguousarray(np.moveaxis(x, 1, -1)) if x.ndim > 2 else x)
        for name in given.file or ["dense.onnx", "dense.tflite"]:
            ways = ["agent", "bare", *(["profiled"] if name.endswith(".onnx") else [])]
            print(f"{name}, {given.threads} threads, {given.rounds} rounds of {given.runs} runs")
            rounds = []
            for number in range(given.rounds):
                order = ways if number % 2 == 0 else ways[::-1]
                path, layout = given.bundle / name, models[name].input_layout
                rounds.append(medians(path.absolute(), layout, folder, given.threads, given.runs, order))
            p50 = {way: float(np.median([each[way] for each in rounds])) for way in rounds[0]}
            print("  p50: " + ", ".join(f"{way} {value / 1e6:.4f} ms" for way, value in p50.items()))
            found = {
                "bare": judged(
                    "agent / bare loop", [each["agent"] / each["bare"] for each in rounds], 0, 1 + ABOVE_LOOP
                )
            }
            if "profiler" in p50:
                print(f"  profiling makes a run {p50['profiled'] / p50['agent'] - 1:.1%} slower")
                ratios = [each["profiled"] / each["profiler"] for each in rounds]
                what = "agent's clock / profiler, same runs"
                found["profiler"] = judged(what, ratios, 1 - FROM_PROFILER, 1 + FROM_PROFILER)
            files[name] = {"sha256": models[name].sha256, "p50_ns": p50, **found}
    if given.keep:
        record = {
            "taken": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "cpu": cpu(),
            "affinity": sorted(os.sched_getaffinity(0)),
            "load": os.getloadavg(),
            "threads": given.threads,
            "rounds": given.rounds,
            "runs": given.runs,
            "files": files,
        }
        RECORD.write_text(short_arrays(json.dumps(record, indent=2)) + "\n", encoding="utf-8")
    judgements = [
        each["held"] for file in files.values() for each in file.values() if isinstance(each, dict) and "held" in each
    ]
    sys.exit(1 if "NO" in judgements else 0)


if __name__ == "__main__":
    main()
