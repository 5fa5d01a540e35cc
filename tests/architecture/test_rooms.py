"""The architecture, held: who may import whom, where torch lives, what the agent needs, and that tests mirror src."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import edgecompress

SOURCE = Path(edgecompress.__file__).parent
TESTS = Path(__file__).parents[1]

# docs/architecture.md: a room imports only rooms that stand before it. Rooms in one group know nothing of each other.
ORDER = [
    {"errors", "heap", "lock", "progress", "workers"},
    {"methods", "migrations"},
    {"record"},
    {"shipped", "store"},
    {"recipe", "target"},
    {"agent"},
    {"model"},
    {"compress"},
    {"encode"},
    {"export"},
    {"bundle"},
    {"deploy"},
    {"devices"},
    {"bench"},
    {"search"},
    {"study"},
    {"advise", "compare"},
    {"report"},
    {"own"},
    {"request"},
    {"references"},
    {"pipeline"},
    {"pipeline_front"},
    {"pipeline_search"},
    {"pipeline_cell"},
    {"pipeline_study"},
    {"records"},
    {"cli"},
    {"__main__"},
]
RANK = {room: rank for rank, group in enumerate(ORDER) for room in group}
MODULES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))


def room_of(module: Path) -> str:
    return module.parts[0].removesuffix(".py")


def imports(module: Path) -> set[str]:
    """The dotted names that a module imports, wherever in it; relative ones as the absolute names they mean."""
    found = set()
    package = ["edgecompress", *module.parts[:-1]]
    for node in ast.walk(ast.parse((SOURCE / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{start}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("module", [m for m in MODULES if str(m) != "__init__.py"], ids=str)
def test_a_room_imports_only_rooms_before_it(module):
    room = room_of(module)
    assert room in RANK, f"{room} has no place in the order: give it one here and in docs/architecture.md"
    for name in imports(module):
        parts = name.split(".")
        if parts[0] != "edgecompress" or len(parts) < 2 or parts[1] == "__version__":
            continue
        assert parts[1] == room or RANK[parts[1]] < RANK[room], f"{module} imports {name}"


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_torch_lives_where_networks_are_trained_or_handed_on(module):
    room = room_of(module)
    with_torch = {"model", "compress", "search", "own", "request", "references"}
    if room not in with_torch and not room.startswith("pipeline"):
        assert not any(name.split(".")[0] == "torch" for name in imports(module))


@pytest.mark.parametrize("module", [m for m in MODULES if m.parts[0] == "agent"], ids=str)
def test_the_agent_stands_on_numpy_psutil_and_the_standard_library(module):
    allowed = sys.stdlib_module_names | {"numpy", "psutil"}
    for name in imports(module):
        parts = name.split(".")
        assert parts[0] in allowed or parts[:2] == ["edgecompress", "agent"], f"{module} imports {name}"


def test_light_rooms_import_without_torch():
    rooms = [
        "encode.ledger",
        "bundle",
        "deploy",
        "bench",
        "report.card",
        "export.verify",
        "target",
        "compare.run",
        "records.kinds",
        "cli",
    ]
    code = "import sys\nsys.modules['torch'] = None\n" + "\n".join(f"import edgecompress.{room}" for room in rooms)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_a_test_of_its_name(module):
    tree = ast.parse((SOURCE / module).read_text(encoding="utf-8"))
    defines = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    # A contract is Protocols, and a private module is tested through the methods that use it.
    if not defines or module.name in ("contract.py",) or module.name.startswith("_"):
        return
    assert (TESTS / module.parent / f"test_{module.name}").is_file(), (
        f"tests/{module.parent}/test_{module.name} is missing"
    )


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_no_module_is_long(module):
    assert len((SOURCE / module).read_text(encoding="utf-8").splitlines()) <= 320
