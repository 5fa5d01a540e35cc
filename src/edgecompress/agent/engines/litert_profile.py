"""The time of each operator of a TFLite file, taken by running each alone, one after the other, on its real inputs."""

from __future__ import annotations

import mmap
import shutil
import struct
import time
from pathlib import Path
from statistics import median
from typing import Any

from ..errors import JobError, NotOfferedError, first_line
from .contract import Array, Engine, Feed, Profiled
from .litert_alone import Part, alone
from .litert_nodes import Nodes

METHOD = "operators alone"
_clock = time.perf_counter_ns


def with_operators(path: Path, folder: Path) -> tuple[Path, list[Part]]:
    """Write a file in ``folder`` that holds the graph of ``path`` and each of its operators alone.

    Raises:
        NotOfferedError: they cannot stand alone, or it is no whole file.
        JobError: there is no room for it.
    """
    made = folder / f"{path.stem}-alone{path.suffix}"
    try:
        with path.open("rb") as source, made.open("wb") as place:
            with mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content, memoryview(content) as view:
                front, parts = alone(view)
            place.write(front)
            shutil.copyfileobj(source, place)
    except (struct.error, IndexError, ValueError, RecursionError) as error:
        raise NotOfferedError(f"its graph cannot be read ({first_line(error)})") from error
    except OSError as error:
        line = f"cannot write {path.name} with its operators alone (is the disk full?): {first_line(error)}"
        raise JobError(line) from error
    return made, parts


class ProfiledLiteRt:
    """The engine of a file, which runs and times each operator alone after each run of the whole."""

    def __init__(self, engine: Engine, interpreter: Any, parts: list[Part], nodes: Nodes) -> None:
        """``interpreter``: that of ``engine``, which holds a file of ``with_operators``.

        Raises:
            NotOfferedError: the runtime does not take the operators alone.
        """
        self.runtime, self.version = engine.runtime, engine.version
        self.inputs, self.outputs = engine.inputs, engine.outputs
        self.details, self.placement = engine.details, engine.placement
        self._run, self._interpreter, self._parts, self._nodes = engine.run, interpreter, parts, nodes
        self._places = {each["name"]: each["index"] for each in interpreter.get_input_details()}
        self._runs: list[int] = []
        self._times: list[list[int]] = [[] for _ in parts]
        try:
            for number in range(1, 1 + len(parts)):
                interpreter._interpreter.AllocateTensors(number)
        except Exception as error:  # a release without such a method, or one that refuses a part
            raise NotOfferedError(f"this release does not take its operators alone ({first_line(error)})") from error

    def run(self, feed: Feed) -> list[Array]:
        """All outputs of the whole for ``feed``."""
        start = _clock()
        outputs = self._run(feed)
        self._runs.append(_clock() - start)
        values: dict[int, Array] = {index: feed[name] for name, index in self._places.items()}
        # Subgraphs past the first are reached by the object that the runtime's own signature runners use. It is not
        # kept: the whole does not run while there is another reference to it.
        graphs = self._interpreter._interpreter
        for number, part in enumerate(self._parts, 1):
            for tensor in part.inputs:
                graphs.SetTensor(tensor, values[tensor], number)
            start = _clock()
            graphs.Invoke(number)
            self._times[number - 1].append(_clock() - start)
            for tensor in part.outputs:
                values[tensor] = graphs.GetTensor(tensor, number)
        return outputs

    def finish(self, skip: int) -> Profiled:
        """The times of all runs but the first ``skip``, in microseconds.

        An operator's share is its median's of all their medians. ``together`` is the median over the rounds: a moment
        in which the machine is slow makes both times of its round longer, and medians leave it out of short ones.
        """
        runs = [each / 1000 for each in self._runs[skip:]]
        times = [[each / 1000 for each in taken[skip:]] for taken in self._times]
        rounds = [sum(each) for each in zip(*times)] or [0.0] * len(runs)  # noqa: B905 (strict came with Python 3.10)
        medians = [float(median(taken)) for taken in times]
        nodes = [
            {
                "name": part.name,
                "op_type": " + ".join(self._nodes.kind(place) for place in part.operators),
                "provider": self._nodes.who(part.operators[-1]),
                "calls": len(taken),
                "mean_us": sum(taken) / len(taken),
                "p50_us": middle,
                "share": middle / sum(medians),
            }
            for part, taken, middle in zip(self._parts, times, medians)  # noqa: B905
        ]
        together = median(alone / whole for alone, whole in zip(rounds, runs))  # noqa: B905
        return Profiled(sorted(nodes, key=lambda node: -node["share"]), runs, METHOD, together)
