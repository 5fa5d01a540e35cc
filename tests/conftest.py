"""Small bundles, built once for all tests that read one, from one training."""

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
def small_cache(tmp_path_factory) -> Path:
    """Where the stages of the small bundles are kept."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory, small_cache) -> Path:
    """AlexNet at a quarter of its width on the embedded digits, for ``host``. Read it, do not change it."""
    from edgecompress import pipeline
    from edgecompress.progress import silent

    folder = tmp_path_factory.mktemp("bundle") / "small"
    request = pipeline.Request(target="host", changes=SMALL, output=folder, cache_dir=small_cache, eval_samples=100)
    pipeline.build(request, progress=silent, warn=pytest.fail)
    return folder


@pytest.fixture(scope="session")
def int8_bundle(tmp_path_factory, small_bundle, small_cache) -> Path:
    """The same networks with int8 files of both, and the whole test set in ``eval.npz``. Read it, do not change it."""
    from edgecompress import pipeline
    from edgecompress.progress import silent

    folder = tmp_path_factory.mktemp("bundle") / "int8"
    changes = (*SMALL, "export.int8=true", 'export.int8_of=["dense", "compressed"]')
    pipeline.build(
        pipeline.Request(target="host", changes=changes, output=folder, cache_dir=small_cache),
        progress=silent,
        warn=pytest.fail,
    )
    return folder
