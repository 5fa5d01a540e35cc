"""A small bundle, built once for all tests that read one."""

from pathlib import Path

import pytest

SMALL = (
    "width=0.25",
    "train.epochs=6",
    "prune.epochs=3",
    "retrain.epochs=2",
    "cluster.epochs=1",
)


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory) -> Path:
    """AlexNet at a quarter of its width on the embedded digits, for ``host``. Read it, do not change it."""
    from edgecompress import pipeline
    from edgecompress.progress import silent

    folder = tmp_path_factory.mktemp("bundle") / "small"
    request = pipeline.Request(
        target="host", changes=SMALL, output=folder, cache_dir=tmp_path_factory.mktemp("cache"), eval_samples=100
    )
    pipeline.build(request, progress=silent, warn=pytest.fail)
    return folder
