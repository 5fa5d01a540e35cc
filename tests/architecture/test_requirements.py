"""The lock: every package that 'make setup' installs is pinned, with checksums, and is what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = ROOT / "requirements"


def pins(file):
    """The version and the checksums of each package; those that differ from Python to Python have several."""
    found = {}
    for entry in re.split(r"\n(?=\S)", (LOCKED / file).read_text()):
        name = re.match(r"([a-z0-9-]+)==([^\s;]+)", entry)
        if name:
            digests = re.findall(r"--hash=sha256:([0-9a-f]{64})\b", entry)
            found.setdefault(name[1], []).append((name[2], digests))
        else:
            assert entry.startswith("#"), entry
    return found


@pytest.mark.parametrize("file", ["constraints.txt", "pip.txt", "torch-cpu.txt"])
def test_every_package_has_a_version_and_checksums(file):
    assert pins(file)
    for name, versions in pins(file).items():
        assert all(digests for _, digests in versions), name


def test_the_lock_has_the_versions_that_were_tested_together():
    locked = {name: [version for version, _ in versions] for name, versions in pins("constraints.txt").items()}
    tested = re.findall(r"^([\w-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert {name: locked.get(name) for name, _ in tested} == {name: [version] for name, version in tested}


@pytest.mark.parametrize(("file", "asked"), [("names", ["dev"]), ("names-demo", ["train", "bench", "report"])])
def test_what_is_installed_is_what_the_package_asks_for(file, asked):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {*project["dependencies"], *(each for extra in asked for each in extras[extra])}
    while own := {each for each in wanted if each.startswith("edgecompress[")}:
        wanted = (wanted - own).union(*(extras[name] for each in own for name in each[13:-1].split(",")))
    names = set((LOCKED / f"{file}.txt").read_text().splitlines()[1:])
    assert names == wanted | {"hatchling", "editables"}, "run tools/lock"
    assert {re.split(r"[\[<>=]", name)[0] for name in names} <= set(pins("constraints.txt"))


def test_nothing_is_installed_unchecked():
    commands = [line for line in (ROOT / "Makefile").read_text().splitlines() if "$(PIP)" in line]
    assert len(commands) == 5
    for command in commands:
        assert "--require-hashes" in command or "--no-deps --no-build-isolation --editable ." in command
