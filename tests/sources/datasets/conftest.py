import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir():
    """A folder with Fashion-MNIST, CIFAR-10 and UCI-HAR in their official layouts."""
    folder = os.environ.get("EDGECOMPRESS_TEST_DATA")
    if not folder:
        pytest.skip("EDGECOMPRESS_TEST_DATA does not name a folder with the data sets")
    return Path(folder)
