from pathlib import Path

import pytest

from edgecompress.errors import InputError
from edgecompress.sources.callables import is_custom
from edgecompress.sources.factory import factory
from edgecompress.sources.model import architecture, file_of, short_name
from edgecompress.sources.read import inputs_of


@pytest.mark.parametrize(
    ("spec", "own", "name"),
    [("nets:make", True, "make"), ("a/b.py:net", True, "net"), ("x/m.onnx", True, "m"), ("m.pt2", True, "m"),
     ("alexnet", False, "alexnet")],
)  # fmt: skip
def test_what_is_the_user_s_own_and_what_it_is_called(spec, own, name):
    assert is_custom(spec) == own
    assert short_name(spec) == name


def test_the_architecture_s_digest_is_of_everything_but_the_weights(here):
    (here / "other.py").write_text(
        "import torch, nets\n"
        "def seeded():\n    torch.manual_seed(5)\n    return nets.Net()\n"
        "def wider():\n    return nets.Net(4)\n"
    )
    inputs = inputs_of(["1x8x8"])
    first, seeded, wider = (factory(spec, inputs, None) for spec in ("nets:make", "other:seeded", "other:wider"))
    assert first.sha256 != seeded.sha256
    assert first.architecture == seeded.architecture == architecture(seeded.graph(seeded.module))
    assert first.architecture != wider.architecture


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        file_of(str(tmp_path / "m.onnx"))
    (tmp_path / "m.onnx").touch()
    assert file_of(str(tmp_path / "m.onnx")) == Path(tmp_path / "m.onnx")
