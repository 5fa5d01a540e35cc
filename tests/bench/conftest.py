"""A bundle that was measured once."""

import shutil

import pytest

from edgecompress import bundle, target
from edgecompress.bench.run import bench
from edgecompress.manifest import Manifest


def replace(folder, name, content):
    """Put another file into a bundle, as if build had written it."""
    (folder / name).write_bytes(content)
    manifest = Manifest.from_file(folder / bundle.MANIFEST)
    entry = manifest.models[name].model_copy(update={"bytes": len(content), "sha256": bundle.digest(folder / name)})
    bundle.write_manifest(folder, manifest.model_copy(update={"models": {**manifest.models, name: entry}}))


@pytest.fixture(scope="session")
def for_a_board(small_bundle, tmp_path_factory):
    """The record of the small bundle as one for a Raspberry Pi 4, measured here with the default threads."""
    folder = shutil.copytree(small_bundle, tmp_path_factory.mktemp("board") / "bundle")
    manifest = bundle.load(folder)
    bundle.write_manifest(folder, manifest.model_copy(update={"target": target.load("rpi4")}))
    return bench(folder, mode="quick")[0]


@pytest.fixture
def broken(small_bundle, tmp_path):
    """A copy of the small bundle in which some files hold something else."""

    def make(**contents):
        folder = shutil.copytree(small_bundle, tmp_path / "broken")
        for name, content in contents.items():
            replace(folder, name.replace("_", "."), content)
        return folder

    return make
