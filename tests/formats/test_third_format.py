"""A format of another package is written, proved, packed, inspected and compared like those of this one.

``edge_npw`` beside this file is that package; nothing of edgecompress knows its name.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import edgecompress as ec
from edgecompress.agent import ecz
from edgecompress.errors import CheckError, InputError
from edgecompress.formats import find
from edgecompress.testing import check_format

PACKAGE = "edge_npw"
ENTRY_POINTS = f"""[edgecompress.formats]
npw = {PACKAGE}.format

[edgecompress.engines]
npw = {PACKAGE}.engine
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The package, installed as pip would, for this process and those that it starts."""
    site = tmp_path / "site"
    shutil.copytree(Path(__file__).parent / PACKAGE, site / PACKAGE)
    described = site / f"{PACKAGE}-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])]))
    return site


@pytest.fixture
def net():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 8))
    with torch.no_grad():
        for layer in (net[0], net[2]):
            layer.weight.mul_(torch.rand_like(layer.weight) < 0.1)
    return net


def edgecompress(*arguments):
    command = [sys.executable, "-m", "edgecompress", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_network_is_written_in_it_and_proved_in_its_runtime(installed, net, tmp_path):
    made = ec.export(net, torch.randn(4, 64), tmp_path / "out", formats=["npw"])["model.npw"]
    assert made.verification.runtime == "numpy"
    assert made.verification.identical_weights == 4
    assert made.verification.outputs.relative_tolerance == 1e-4
    assert made.bytes == (tmp_path / "out" / "model.npw").stat().st_size == made.ledger.file_bytes


def test_a_file_goes_through_the_commands(installed, net, tmp_path):
    from edge_npw import file

    ec.export(net, torch.randn(4, 64), tmp_path, formats=["npw"], verify=False)
    dense, small, box = (tmp_path / name for name in ("dense.npw", "small.npw", "small.ecz"))
    dense.write_bytes(file.dumps(*file.load(tmp_path / "model.npw"), compress=False))

    done = edgecompress("pack", dense, "-o", small)
    assert done.returncode == 0 and "proved" in done.stdout, done.stderr
    assert small.stat().st_size < dense.stat().st_size / 2
    found = json.loads(edgecompress("inspect", small, "--json").stdout)
    assert {tensor["name"]: tensor["nonzero"] for tensor in found["tensors"]} == {
        name: np.count_nonzero(array) for name, array in file.load(dense)[1].items()
    }
    assert found["memory"]["peak"] is None or found["memory"]["peak"] > 0
    assert ec.verify(small, dense).identical_weights == 4
    assert edgecompress("pack", dense, "-o", box).returncode == 0
    ecz.unpack(box, tmp_path / "back.npw")
    assert (tmp_path / "back.npw").read_bytes() == dense.read_bytes()
    refused = edgecompress("unpack", small, "-o", tmp_path / "plain.npw")
    assert refused.returncode == 2 and "is NumPy weights, which has no decoders to take out" in refused.stderr


def test_another_model_is_told_and_a_network_without_a_form_refused(installed, net, tmp_path):
    ec.export(net, torch.randn(4, 64), tmp_path / "one", formats=["npw"], verify=False)
    net[2].weight.data[0, 0] += 1
    ec.export(net, torch.randn(4, 64), tmp_path / "two", formats=["npw"], verify=False)
    with pytest.raises(CheckError, match="it is another model"):
        ec.verify(tmp_path / "one" / "model.npw", tmp_path / "two" / "model.npw")
    with pytest.raises(InputError, match=r"no \.npw file: a \.npw file has no .*; or leave 'npw' out of formats"):
        ec.export(nn.Sequential(nn.Linear(8, 8), nn.Tanh()), torch.randn(2, 8), tmp_path / "three", formats=["npw"])


def test_it_keeps_the_contract_that_this_package_s_formats_keep(installed, tmp_path):
    from edge_npw import file

    def run(path, x):
        return file.run(*file.load(path), x)

    npw = next(each for each in find.formats() if each.name == "npw")
    check_format(npw.write, npw.suffix, tmp_path, run)


def test_builds_write_the_formats_of_runtimes_that_profiles_can_name(installed):
    assert [each.name for each in find.formats()] == ["npw", "onnx", "tflite"]
    assert [each.name for each in find.of_profiles()] == ["onnx", "tflite"]


def test_without_the_package_its_files_are_nothing_special(tmp_path):
    (tmp_path / "m.npw").write_bytes(b"NPWEIGHT" + bytes(64))
    with pytest.raises(InputError):
        ec.inspect(tmp_path / "m.npw")
    assert find.suffixes() == ".onnx or .tflite"
