"""What is done with a damaged file: the command lines that take it, and readers that no light command reaches."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from edgecompress import cli
from edgecompress.errors import EdgecompressError
from edgecompress.progress import silent

Call = Callable[[], None]
SOUND = ("bench.json", "manifest.json", "cell.json")  # what a damaged record is compared with


def command(*arguments: object) -> Call:
    """The command line with these arguments, as ``edgecompress`` runs it."""

    def call() -> NoReturn:
        sys.argv = ["edgecompress", *map(str, arguments)]
        cli.main()
        raise AssertionError("main ends with an exit code")

    call.__name__ = "edgecompress " + " ".join(map(str, arguments))
    return call


def calls(kind: str, path: Path, corpus: Path) -> list[Call]:
    """All that is done with the damaged file at ``path``; a command writes beside it. ``corpus`` has sound files."""
    out = path.with_name("out")
    data = ("--data", "cifar-10", "--no-download", "--data-dir", path.parent / "absent", "--store", "none")
    build = ("build", "--target", "host", *data)  # ends where the data are missing, after the recipe was read
    lines: dict[str, list[tuple[object, ...]]] = {
        "ecz": [("unpack", path, "-o", f"{out}.onnx")],
        "recipe": [(*build, "--recipe", path), (*build, "--set", path.read_text(errors="replace")[:2000])],
        "target": [("targets", path), ("targets", path, "--json")],
        "devices": [("devices", "list"), ("devices", "show", "bench-pi"), ("doctor", "--device", "x")],
    }
    for suffix in ("onnx", "tflite"):
        lines[suffix] = [("inspect", "--no-memory", path)]
        lines[suffix] += [("pack", path, "-o", f"{out}.{each}") for each in (suffix, "ecz")]
    if kind == "record":
        return _record(path, corpus)
    return [command(*line) for line in lines[kind]] if kind in lines else [_reading(kind, path)]


def _record(path: Path, corpus: Path) -> list[Call]:
    store = path.with_name("store.sqlite")
    # A page with its drawings takes seconds: now and then one.
    page = "html" if path.stat().st_size % 8 == 0 else "csv"
    return [
        command("report", path.parent, "-o", path.with_name("page"), "--format", page),
        command("report", path, corpus / "bench.json", "-o", path.with_name("page.md"), "--format", "markdown"),
        *(command("compare", path, corpus / name) for name in SOUND),
        command("compare", corpus / "bench.json", path, "--fail-on", "p50>5%,size>2MB"),
        command("records", "import", path, "--store", store),
        command("records", "list", "--store", store),
        command("records", "export", "--store", store, "-o", path.with_name("exported")),
    ]


def _reading(kind: str, path: Path) -> Call:
    """A data set's own reader: a command would train with what could be read."""

    def call() -> NoReturn:
        from edgecompress.sources.data.npz import npz
        from edgecompress.sources.datasets.cifar_10 import cifar_10
        from edgecompress.sources.datasets.uci_har import uci_har

        try:
            if kind == "npz":
                npz(path, [])
            else:
                {"cifar": cifar_10, "har": uci_har}[kind](path.parent, download=False, progress=silent)
        except EdgecompressError as error:
            sys.exit(error.exit_code)
        sys.exit(0)

    call.__name__ = f"read {kind} {path}"
    return call
