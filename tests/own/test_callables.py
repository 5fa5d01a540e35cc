import pytest

from edgecompress.errors import InputError
from edgecompress.own.callables import call, is_callable


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
