import importlib.util

import numpy as np
import pytest

from edgecompress.errors import InputError, MissingDependencyError
from edgecompress.int8 import program


def test_what_is_missing_is_said_with_the_command_that_installs_it(monkeypatch):
    program.check_installed()
    find = importlib.util.find_spec
    absent: set[str] = set()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in absent else find(name))
    for packages, missing in (
        (["onnxruntime"], "onnxruntime"),
        (["litert_quantizer", "ai_edge_quantizer"], "litert-quantizer"),
    ):
        absent = set(packages)
        with pytest.raises(MissingDependencyError, match=rf"need {missing}; .*pip install 'edgecompress\[int8\]'"):
            program.check_installed()


def test_the_quantiser_for_tflite_is_found_under_its_name_and_the_one_before(monkeypatch):
    for installed, found in (
        ({"ai_edge_quantizer"}, "ai-edge-quantizer"),
        ({"ai_edge_quantizer", "litert_quantizer"}, "litert-quantizer"),
    ):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, installed=installed: name in installed or None)
        assert program.tflite_quantizer() == found


def test_the_inputs_are_in_a_folder_that_does_not_stay():
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    with program.workshop(x) as folder:
        assert np.array_equal(np.load(folder / program.INPUTS), x)
    assert not folder.exists()


def test_a_quantiser_that_fails_is_one_line_and_prints_nothing(capfd):
    with pytest.raises(InputError, match=r"^the tool cannot quantise this network \(.*nowhere.*\); .*int8=false$"):
        program.run("nowhere", "the tool", [])
    assert capfd.readouterr() == ("", "")
