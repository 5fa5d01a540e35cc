"""The architecture, held: who may import whom, where torch lives, what the agent needs, and that tests mirror src."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import edgecompress

SOURCE = Path(edgecompress.__file__).parent
TESTS = Path(__file__).parents[1]

# docs/architecture.md: a room imports only rooms that stand before it. Rooms in one group know nothing of each other.
ORDER = [
    {"errors", "heap", "keys", "lock", "plain", "progress", "temporary", "tied", "timing"},
    {"wording"},
    {"answers", "workers"},
    {"methods", "migrations"},
    {"record"},
    {"shipped", "store"},
    {"recipe", "target"},
    {"agent"},
    {"isolated"},
    {"int8"},
    {"compress"},
    {"encode"},
    {"equivalence"},
    {"formats"},
    {"export"},
    {"estimate"},
    {"manifest"},
    {"bundle"},
    {"sources"},
    {"deploy"},
    {"devices"},
    {"bench"},
    {"search"},
    {"study"},
    {"advise", "compare"},
    {"records"},
    {"report"},
    {"workflows"},
    {"library", "testing"},
    {"cli"},
    {"__init__", "__main__"},
]
RANK = {room: rank for rank, group in enumerate(ORDER) for room in group}
MODULES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))


def room_of(module: Path) -> str:
    return module.parts[0].removesuffix(".py")


@cache
def parsed(module: Path) -> ast.Module:
    """The module's syntax tree."""
    return ast.parse((SOURCE / module).read_text(encoding="utf-8"))


@cache
def imports(module: Path) -> set[str]:
    """The dotted names that a module imports, wherever in it; relative ones as the absolute names they mean."""
    found = set()
    package = ["edgecompress", *module.parts[:-1]]
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{start}.{alias.name}" for alias in node.names}
    return found


def test_a_room_imports_only_rooms_before_it():
    unplaced = {room_of(module) for module in MODULES if str(module) != "__init__.py"} - RANK.keys()
    assert not unplaced, "these have no place in the order: give each one here and in docs/architecture.md"
    upwards = [
        f"{module} imports {name}"
        for module in MODULES
        for name in imports(module)
        if (room := imported_room(name)) and room != room_of(module) and RANK[room] >= RANK[room_of(module)]
    ]
    assert upwards == []


def imported_room(name: str) -> str | None:
    """The room of a dotted name; ``None``: it is of another package, or of this one's front page."""
    package, _, rest = name.partition(".")
    room = rest.partition(".")[0]
    return room if package == "edgecompress" and room not in ("", "__version__") else None


def test_formats_know_nothing_of_each_other():
    """But for the container's places of numbers, and ONNX graphs, which TFLite is lowered from."""
    allowed = {("onnx", "ecz"), ("tflite", "ecz"), ("tflite", "onnx")}
    arrows = {
        (module.parts[1], name.split(".")[2])
        for module in MODULES
        if room_of(module) == "formats" and len(module.parts) > 2
        for name in imports(module)
        if name.startswith("edgecompress.formats.") and (SOURCE / "formats" / name.split(".")[2]).is_dir()
    }
    assert {(one, other) for one, other in arrows if one != other} == allowed


def test_a_format_is_named_outside_its_folder_where_a_graph_is_onnx_or_a_record_has_a_field_for_it():
    """All else goes by ``formats.find``, so that another format needs its folder and nothing else."""
    naming = {
        (str(module), name.split(".")[2])
        for module in MODULES
        if room_of(module) != "formats"
        for name in imports(module)
        if name.startswith("edgecompress.formats.") and (SOURCE / "formats" / name.split(".")[2]).is_dir()
    }
    assert naming == {
        *((module, "onnx") for module in ("sources/batch.py", "sources/onnx_file.py", "advise/subject.py")),
        *((module, "onnx") for module in ("workflows/references.py", "workflows/build.py", "search/trial.py")),
        *((module, "ecz") for module in ("export/pack.py",)),
        *((module, "tflite") for module in ("export/verify.py", "estimate/rule.py")),
        # A microcontroller's file is TFLite, whoever wrote it.
        *((f"export/microcontroller/{name}.py", "tflite") for name in ("operators", "pack", "vela")),
    }


def test_torch_lives_where_networks_are_trained_or_handed_on():
    with_torch = {"sources", "compress", "search", "workflows", "library", "testing"}
    elsewhere = [
        str(module)
        for module in MODULES
        if room_of(module) not in with_torch
        if any(name.split(".")[0] == "torch" for name in imports(module))
    ]
    assert elsewhere == []


def test_the_agent_stands_on_numpy_psutil_and_the_standard_library():
    allowed = sys.stdlib_module_names | {"numpy", "psutil"}
    others = [
        f"{module} imports {name}"
        for module in MODULES
        if room_of(module) == "agent"
        for name in imports(module)
        if name.split(".")[0] not in allowed and name.split(".")[:2] != ["edgecompress", "agent"]
    ]
    assert others == []


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
        "records.schemas",
        "cli",
    ]
    code = "import sys\nsys.modules['torch'] = None\n" + "\n".join(f"import edgecompress.{room}" for room in rooms)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_manifest_is_read_without_what_reads_model_files():
    code = "import sys, edgecompress.bundle\nprint(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {*done.stdout.split()} & {"onnx", "onnx_ir", "sympy", "torch"}


def test_the_front_door_is_these_names_and_opens_at_once():
    import edgecompress

    names = (
        "Bundle Compressor __version__ advise build cluster_ compare compress export inspect pack prune_ run "
        "search study unpack verify"
    )
    assert edgecompress.__all__ == names.split()
    import edgecompress.compress.stages
    import edgecompress.export.verify

    assert edgecompress.export.__module__ == "edgecompress.library.exporting", "and not the room of that name"
    assert edgecompress.compress.__module__ == "edgecompress.library.compressing"
    assert all(getattr(edgecompress, name).__doc__ for name in edgecompress.__all__ if name != "__version__")
    code = "import sys\nbefore = set(sys.modules)\nimport edgecompress\nprint(*sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    others = {name.partition(".")[0] for name in done.stdout.split()} - sys.stdlib_module_names
    assert others == {"edgecompress"}


def test_help_and_version_load_nothing_that_computes():
    """They answer at once: what a command works with is imported when it works."""
    code = (
        "import sys\nfrom edgecompress.cli import main\nsys.argv[1:] = {}\n"
        "try:\n    main()\nexcept SystemExit:\n    print(*sys.modules, file=sys.stderr)"
    )
    for arguments in (["--version"], ["--help"], ["build", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", code.format(arguments)], capture_output=True, text=True, check=True
        )
        loaded = {name.partition(".")[0] for name in done.stderr.split()}
        assert "edgecompress" in loaded
        assert not loaded & {"numpy", "onnx", "onnx_ir", "onnxruntime", "scipy", "sklearn", "torch"}


def test_a_python_is_started_in_one_place():
    """``workers.python`` and ``agent/python`` keep the user's folder off its path, and tie it to who starts it."""
    starting = [
        str(module)
        for module in MODULES
        if module.parts[0] != "agent" and module.name != "workers.py"
        if "[sys.executable" in (SOURCE / module).read_text(encoding="utf-8")
    ]
    assert starting == []


def test_a_runtime_is_opened_in_one_room():
    """What proves a file opens it as what measures it does: by the agent's engines."""
    opening = re.compile(r"\b(InferenceSession|Interpreter)\(")
    found = [str(module) for module in MODULES if opening.search((SOURCE / module).read_text(encoding="utf-8"))]
    assert found == ["agent/engines/litert_engine.py", "agent/engines/onnxruntime_engine.py"]


def test_commands_print_in_one_place():
    """``cli/console`` and ``report/console`` take out what a terminal would obey."""
    other = re.compile(r"typer\.echo\((?!f\"edgecompress \{__version__\}\")|(?<!\.)\bprint\(|Console\(")
    printing = [
        str(module)
        for module in MODULES
        if module.parts[0] == "cli" and module.name != "console.py"
        if other.search((SOURCE / module).read_text(encoding="utf-8"))
    ]
    assert printing == []


def test_every_module_has_a_test_of_its_name():
    missing = [
        f"tests/{module.parent}/test_{module.name}"
        for module in MODULES
        # A contract is Protocols, and a private module is tested through the methods that use it.
        if module.name != "contract.py" and not module.name.startswith("_")
        if any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in parsed(module).body)
        if not (TESTS / module.parent / f"test_{module.name}").is_file()
    ]
    assert missing == []


def test_no_module_is_long():
    lengths = {str(module): len((SOURCE / module).read_text(encoding="utf-8").splitlines()) for module in MODULES}
    assert {module: length for module, length in lengths.items() if length > 320} == {}


def test_a_docstring_begins_with_a_name_or_an_imperative():
    """And with no question word, which leaves the reader to ask what the thing is."""
    question = re.compile(r"(How|What|When|Where|Whether|Which|Who|Why)\b")
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    faults = [
        f"{module}: {first_line}"
        for module in MODULES
        for node in ast.walk(parsed(module))
        if isinstance(node, documented)
        if question.match(first_line := (ast.get_docstring(node) or "").partition("\n")[0])
    ]
    assert faults == []


def test_no_name_of_a_class_stands_for_two_things():
    """But for what a record says again that the agent has, and the schema of its answers."""
    homes: dict[str, set[str]] = {}
    for module in MODULES:
        for node in parsed(module).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, set()).add(str(module))
    twice = {name: found for name, found in homes.items() if len(found) > 1 and "answers/_schema.py" not in found}
    assert twice == {"Accelerator": {"agent/accelerator.py", "bench/accelerator.py"}}
