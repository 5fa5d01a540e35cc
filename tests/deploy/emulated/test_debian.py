import subprocess

import pytest

from edgecompress.deploy.emulated import debian
from edgecompress.errors import InputError, RuntimeFailedError
from edgecompress.progress import silent


def test_a_system_without_apt_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="needs apt-get and dpkg-deb"):
        debian.unpack("arm64", ["python3"], tmp_path / "root", silent)


@pytest.fixture
def apt(tmp_path, monkeypatch):
    """An apt-get that says what it is told to, and a dpkg-deb."""

    def make(script):
        for name, content in {"apt-get": script, "dpkg-deb": ""}.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{content}\n")
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return make


def test_a_system_with_another_archive_is_told_so(apt, tmp_path):
    apt("echo 'http://archive.example/ubuntu jammy main'")
    with pytest.raises(InputError, match="Debian's archive among apt's sources"):
        debian.unpack("arm64", ["python3"], tmp_path / "root", silent)
    assert not (tmp_path / "root.apt").exists()


def test_what_apt_says_is_handed_on_in_one_line(apt, tmp_path):
    apt('case "$*" in *indextargets*) echo "http://m/debian/ x main";; *) echo "E: no route" >&2; exit 100;; esac')
    with pytest.raises(RuntimeFailedError, match="apt-get failed: E: no route"):
        debian.unpack("arm64", ["python3"], tmp_path / "root", silent)
    assert not (tmp_path / "root").exists()


@pytest.mark.slow
def test_a_package_and_what_it_needs_are_unpacked(arm_counts, tmp_path):
    told = []
    names = debian.unpack("arm64", ["libstdc++6"], tmp_path / "root", lambda *step: told.append(step))
    assert any(name.startswith("libc6_") and name.endswith("_arm64.deb") for name in names)
    loader = tmp_path / "root/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1"
    said = subprocess.run(["qemu-aarch64", loader, "--version"], capture_output=True, text=True, check=True).stdout
    assert "GLIBC" in said
    assert not (tmp_path / "root.apt").exists()
    assert told[-1][1] == told[-1][2] == len(names)
