"""Run damaged files through every command that takes them, and fail where one ends as no command may.

Usage: python tools/fuzz [--minutes M] [--cases N] [--seed S] [--kind KIND]...

A fault is a traceback, an exit code that is not documented, an escape sequence in the output, more than 30 seconds or
1 GiB. The same seed gives the same cases in the same order. Each failing input is kept in dist/fuzz, with the
command and what it said; of faults with one last line of a traceback, the first alone.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

import commands
import corpus as corpus_of
import mutations

SECONDS, BYTES = 30, 1 << 30
SPACE = 16 << 30  # of addresses: beyond what the libraries reserve, below what would stop the machine
DOCUMENTED = (0, 2, 3, 4)  # 1 is a defect, which is what is looked for
KEPT = Path("dist/fuzz").absolute()
FOLDER = "edgecompress-fuzz-"


@dataclass(frozen=True)
class Ended:
    """How a call ended: its exit code (negative: the signal), its output, and what it took."""

    code: int
    output: str
    seconds: float
    memory: int

    @property
    def fault(self) -> str:
        """What is wrong with that, in a few words; empty: nothing."""
        if "Traceback (most recent call last)" in self.output:
            return self.output.strip().splitlines()[-1][:160]
        if self.seconds >= SECONDS:
            return f"more than {SECONDS} s"
        if self.code not in DOCUMENTED:
            return f"exit code {self.code}"
        if self.memory > BYTES:
            return f"{self.memory >> 20} MiB"
        return "an escape sequence in the output" if "\x1b" in self.output else ""

    @property
    def place(self) -> str:
        """What tells one fault from another: the last line of this package in a traceback, and what was raised."""
        lines = re.findall(r'File "[^"]*edgecompress/([^"]+)", line (\d+)', self.output)
        return f"{':'.join(lines[-1]) if lines else ''} {self.fault.partition(':')[0]}"


Case = tuple[Path, dict[str, Ended]]
"""A damaged file, and how each of its commands ended."""


def run(call: commands.Call, folder: Path) -> Ended:
    """Run ``call`` in a process of its own: a copy of this one, which has imported everything already."""
    log = folder / "output.txt"
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _become(call, folder, log)
    code, usage = _wait(child, began + SECONDS)
    # What a call started belongs to its group, and nothing of it may stay.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    output = log.read_bytes().decode(errors="replace")
    return Ended(code, output, time.monotonic() - began, usage.ru_maxrss << 10)


def _become(call: commands.Call, folder: Path, log: Path) -> None:
    code = 70
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (SPACE, SPACE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.chdir(folder)
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for stream in (1, 2):
            os.dup2(handle, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        call()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _wait(child: int, deadline: float) -> tuple[int, resource.struct_rusage]:
    while True:
        done, status, usage = os.wait4(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), usage
        if time.monotonic() >= deadline:
            os.killpg(child, signal.SIGKILL)
            _, status, usage = os.wait4(child, 0)
            return os.waitstatus_to_exitcode(status), usage
        time.sleep(0.002)


def case(number: int, seed: int, kind: str, files: corpus_of.Corpus, sound: Path) -> Case:
    """One damaged file through all its commands: the file, and how each command ended."""
    generator = random.Random(f"{seed}-{number}")  # noqa: S311 - nothing is kept secret
    original, other = generator.choice(files[kind]), generator.choice(files[kind])
    folder = Path(tempfile.mkdtemp(prefix=FOLDER))
    path = folder / original.name
    if kind == "devices":
        path = folder / "config" / "edgecompress" / original.name
        path.parent.mkdir(parents=True)
    path.write_bytes(mutations.mutate(kind, original.read_bytes(), other.read_bytes(), generator))
    os.environ |= {f"XDG_{each}_HOME": str(folder / each.lower()) for each in ("CACHE", "CONFIG", "DATA")}
    return path, {call.__name__: run(call, folder) for call in commands.calls(kind, path, sound)}


def in_order(make: Callable[[int], Case], most: int, deadline: float) -> Iterator[Case]:
    """``make(0)``, ``make(1)`` and so on, ``most`` at the most, from as many processes as there are cores."""
    fork = multiprocessing.get_context("fork")  # what was imported is not imported again
    next_number = fork.Value("q", 0)

    def work(results: Connection) -> None:
        while True:
            with next_number.get_lock():
                number = next_number.value
                if number >= most or time.monotonic() >= deadline:
                    return
                next_number.value += 1
            results.send((number, make(number)))

    processes: dict[Connection, multiprocessing.process.BaseProcess] = {}
    for _ in os.sched_getaffinity(0):
        receiver, sender = fork.Pipe(duplex=False)
        process = fork.Process(target=work, args=(sender,))
        process.start()
        sender.close()
        processes[receiver] = process
    early: dict[int, Case] = {}
    number = 0
    while processes:
        for receiver in wait(processes):
            try:
                early.update([receiver.recv()])
            except EOFError:
                process = processes.pop(receiver)
                process.join()
                if process.exitcode:
                    raise RuntimeError(f"a process of cases ended with {process.exitcode}") from None
        while number in early:
            yield early.pop(number)
            number += 1


def keep(name: str, path: Path, faults: dict[str, Ended]) -> Path:
    """Put the damaged file beside what its commands said."""
    target = KEPT / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copy(path, target)
    report = [f"{call}\n{ended.fault}\n{ended.output}" for call, ended in faults.items()]
    (target / "fault.txt").write_text("\n\n".join(report), errors="replace")
    return target / path.name


def main() -> int:
    """Fuzz for as long as asked; 1 where anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--cases", type=int, default=sys.maxsize)
    parser.add_argument("--seed", type=int, default=None, help="default: another one each time; it is printed")
    parser.add_argument("--kind", action="append", help="only files of this kind; default: all")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    # Imported once, before the copies are made.
    for module in (
        "compare.run",
        "records.kinds",
        "report.whole",
        "report.writers.html",
        "store.store",
        "workflows.build",
    ):
        __import__(f"edgecompress.{module}")
    sound = Path(tempfile.mkdtemp(prefix="edgecompress-corpus-"))
    files = corpus_of.make(sound)
    kinds = given.kind or sorted(files)
    deadline = time.monotonic() + 60 * given.minutes

    def make(number: int) -> Case:
        return case(number, seed, kinds[number % len(kinds)], files, sound)

    number, seen, codes = 0, set(), Counter()
    for number, (path, ended) in enumerate(in_order(make, given.cases, deadline), 1):
        codes.update(each.code for each in ended.values())
        faults = {call: each for call, each in ended.items() if each.fault}
        if {each.place for each in faults.values()} - seen:
            kept = keep(f"{seed}-{number - 1}", path, faults)
            seen |= {each.place for each in faults.values()}
            for call, each in faults.items():
                print(f"case {number - 1}: {call}: {each.fault}\n  kept: {kept}", flush=True)
        shutil.rmtree(next(each for each in path.parents if each.name.startswith(FOLDER)), ignore_errors=True)
    shutil.rmtree(sound, ignore_errors=True)
    ends = ", ".join(f"{count} with {code}" for code, count in sorted(codes.items()))
    print(f"{number} damaged files; commands ended {ends}; {len(seen)} kinds of fault (seed {seed})")
    return 1 if seen else 0


if __name__ == "__main__":
    sys.exit(main())
