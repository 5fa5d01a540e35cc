#!/usr/bin/env python3
"""Write what is generated in docs/: the command-line reference, and the JSON schemas of the package's documents.

Usage: python tools/generate_docs.py        (a test fails when what it would write is not what is there)
"""

import json
import os
import sys
from pathlib import Path

from typer.testing import CliRunner

from edgecompress.bundle import Manifest
from edgecompress.cli import COMMANDS, app
from edgecompress.recipe import Recipe
from edgecompress.target import Target

DOCS = Path(__file__).resolve().parents[1] / "docs"
SCHEMAS = {"manifest": Manifest, "recipe": Recipe, "target": Target}


def cli_reference() -> str:
    """Every command's --help, as it prints where there is no colour and 100 columns."""
    os.environ.update(COLUMNS="100", NO_COLOR="1", TERM="dumb", _TYPER_STANDARD_TRACEBACK="1")
    runner = CliRunner()
    parts = [
        "# Command-line reference\n\nGenerated from `--help` by `tools/generate_docs.py`.\n\n"
        "Exit codes: 0 done; 1 a defect of the program; 2 wrong input; 3 a result failed its check (an invariant, the "
        "proof of a file, a target's budget); 4 a runtime or a device failed; 130 interrupted.\n"
    ]
    for name in ["", *COMMANDS]:
        result = runner.invoke(app, [*([name] if name else []), "--help"], prog_name="edgecompress")
        text = "\n".join(line.rstrip() for line in result.output.strip().splitlines())
        parts.append(f"## edgecompress{f' {name}' if name else ''}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def documents() -> dict[Path, str]:
    """What each generated file holds."""
    schemas = {
        DOCS / "schema" / f"{name}.json": json.dumps(record.model_json_schema(), indent=2) + "\n"
        for name, record in SCHEMAS.items()
    }
    return {DOCS / "cli.md": cli_reference(), **schemas}


def main() -> None:
    """Write them all."""
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(DOCS.parent)}\n")


if __name__ == "__main__":
    main()
