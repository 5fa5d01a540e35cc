import pytest

from edgecompress.progress import silent
from edgecompress.sources import datasets
from edgecompress.workflows.prepared import identity_of


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits", None, download=False, progress=silent)


def test_an_identity_is_of_model_data_and_checkpoint(digits, tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    found = [
        identity_of("alexnet", digits),
        identity_of("resnet18", digits),
        identity_of("alexnet", digits, tmp_path / "a"),
        identity_of("alexnet", digits, resolution=64),
    ]
    assert all(found.count(each) == 1 for each in found)
