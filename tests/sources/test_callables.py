import subprocess
import sys

import pytest

from edgecompress.errors import InputError
from edgecompress.sources.callables import call, is_callable


@pytest.mark.parametrize(
    ("spec", "is_one"),
    [("nets:make", True), ("a.b:make", True), ("x/nets.py:make", True), ("alexnet", False), ("m.onnx", False),
     ("C:/nets", False), ("nets:", False), (":make", False), ("a-b:make", False)],
)  # fmt: skip
def test_what_is_written_as_a_function_in_a_module(spec, is_one):
    assert is_callable(spec) == is_one


def test_a_function_of_the_current_folder_or_of_a_file_is_called(here):
    assert call("nets:number") == 3
    (here / "folder").mkdir()
    (here / "folder" / "helper.py").write_text("VALUE = 5")
    (here / "folder" / "mine.py").write_text("import helper\ndef make():\n    return helper.VALUE")
    assert call("folder/mine.py:make") == 5


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("absent:make", "there is no module 'absent' here or in the environment"),
        ("nets:mak", "nets has no 'mak'; did you mean 'make'?"),
        ("nets:needs", r"nets:needs needs arguments \(classes\)"),
        ("nets:fails", "nets:fails raised RuntimeError: no such device$"),
        ("nets:value", "nets:value is a int"),
        ("broken:make", "importing broken raised ModuleNotFoundError: No module named 'missing_thing'"),
        ("no/such.py:make", "no/such.py does not exist"),
        ("exits.py:make", "importing exits.py raised SystemExit: 3"),
    ],
)
def test_what_is_wrong_with_a_function_is_one_line(here, spec, message):
    (here / "broken.py").write_text("import missing_thing\ndef make(): pass")
    (here / "exits.py").write_text("raise SystemExit(3)")
    with pytest.raises(InputError, match=message) as caught:
        call(spec)
    assert "\n" not in str(caught.value)


def test_modules_of_python_are_not_those_of_the_users_folder(here):
    (here / "colorsys.py").write_text("raise RuntimeError('this is not the module of Python')\n")
    (here / "paint.py").write_text("import colorsys\ndef make():\n    return colorsys.rgb_to_hsv(0, 0, 1)[2]\n")
    assert call("paint:make") == 1
    with pytest.raises(InputError, match=r"'colorsys' is a module of Python itself; rename colorsys\.py, or name the"):
        call("colorsys:make")
    (here / "colorsys.py").write_text("def make():\n    return 7\n")
    assert call("colorsys.py:make") == 7


def test_packages_that_the_program_needs_are_not_those_of_the_users_folder(here):
    """In a new process, where neither is imported yet: one that is required, and one that another requires."""
    for name in ("onnxscript", "ml_dtypes"):
        (here / f"{name}.py").write_text("raise SystemExit('imported')")
    (here / "net.py").write_text("def make():\n    import ml_dtypes, onnxscript\n    return onnxscript.__file__")
    code = "from edgecompress.sources.callables import call\nprint(call('net.py:make'), call('net:make'))"
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=here, capture_output=True, text=True, check=False)
    assert done.stdout.count("site-packages") == 2, done.stderr
    with pytest.raises(InputError, match=r"'onnxscript' is a module of a package that this program needs; rename"):
        call("onnxscript:make")


def test_the_users_modules_come_before_installed_ones(here):
    (here / "reads_own.py").write_text("import axe_playwright_python as own\ndef make():\n    return own.VALUE\n")
    (here / "axe_playwright_python.py").write_text("VALUE = 9\n")  # an installed package that nothing here imports
    assert call("reads_own:make") == 9


def test_the_folder_of_the_latest_call_is_searched_first(here, monkeypatch):
    for name, value in (("first", 1), ("second", 2)):
        (here / name).mkdir()
        (here / name / "shared_helper.py").write_text(f"VALUE = {value}")
        (here / name / "mine.py").write_text("import shared_helper\ndef make():\n    return shared_helper.VALUE")
    assert call("first/mine.py:make") == 1
    monkeypatch.delitem(sys.modules, "shared_helper")
    assert call("second/mine.py:make") == 2
