import json

import pytest

from edgecompress import bundle
from edgecompress.errors import InputError
from edgecompress.manifest import Manifest


@pytest.fixture
def text(small_bundle):
    return (small_bundle / bundle.MANIFEST).read_text(encoding="utf-8")


def test_a_manifest_comes_back_as_it_was_written(text):
    assert Manifest.from_json(text, "m").to_json() == text


def test_it_is_found_by_its_model_data_and_board(text):
    about = Manifest.from_json(text, "m").about()
    assert (about.model, about.data, about.target) == ("alexnet", "Digits", "host")
    assert set(about.runtimes) == {"onnxruntime", "litert"}


def test_a_key_that_is_none_is_named(text):
    with pytest.raises(InputError, match=r"m: .*'targt'"):
        Manifest.from_json(json.dumps({**json.loads(text), "targt": "rpi4"}), "m")
