import subprocess

import pytest

from edgecompress.deploy.wheels import NoWheelError, Platform, fetch
from edgecompress.errors import RuntimeFailedError

PI = Platform("aarch64", "3.11", "glibc 2.36")


def test_a_board_takes_wheels_of_its_c_library_and_older_ones():
    tags = PI.tags()
    assert tags[0] == "manylinux_2_36_aarch64"
    assert {"manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"} <= set(tags)
    assert "manylinux_2_31_aarch64" not in Platform("aarch64", "3.8", "glibc 2.27").tags()
    assert Platform("aarch64", "3.12", "").tags() == ["musllinux_1_2_aarch64", "musllinux_1_1_aarch64"]


def test_what_pip_thinks_of_the_tags_of_this_machine():
    import platform

    from pip._vendor.packaging import tags

    here = Platform(platform.machine(), "3.11", " ".join(platform.libc_ver()))
    theirs = [tag for tag in tags.platform_tags() if not tag.startswith(("manylinux1_", "manylinux2010_"))]
    assert {tag for tag in here.tags() if "2_" in tag} <= set(theirs)


def test_wheels_for_another_machine_are_fetched_once_and_checked(index, tmp_path, monkeypatch):
    wheels = fetch(["numpy", "tflite-runtime"], PI, tmp_path / "cache")
    assert [path.name.split("-")[0] for path in wheels] == ["numpy", "tflite_runtime"]
    real = subprocess.run
    asked = []
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: asked.append(a) or real(*a, **k))
    assert fetch(["tflite-runtime", "numpy"], PI, tmp_path / "cache") == wheels
    assert asked == []
    wheels[0].write_bytes(b"rotten")
    assert fetch(["numpy", "tflite-runtime"], PI, tmp_path / "cache") == wheels
    assert len(asked) == 1
    assert wheels[0].read_bytes() != b"rotten"


def test_what_has_no_wheel_is_named(index, tmp_path):
    with pytest.raises(NoWheelError, match="no wheel of ai-edge-litert") as caught:
        fetch(["numpy", "ai-edge-litert"], PI, tmp_path / "cache")
    assert caught.value.package == "ai-edge-litert"
    with pytest.raises(NoWheelError, match="tflite-runtime"):
        fetch(["tflite-runtime"], Platform("armv7l", "3.11", "glibc 2.36"), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_index_that_is_not_reached_is_not_taken_for_one_without_the_wheel(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")  # the first failure is told of only where another try follows
    monkeypatch.delenv("PIP_NO_INDEX", raising=False)
    with pytest.raises(RuntimeFailedError, match="pip does not reach its index") as caught:
        fetch(["numpy"], PI, tmp_path / "cache")
    assert not isinstance(caught.value, NoWheelError)


@pytest.mark.parametrize(
    ("machine", "bits", "libc", "processor", "words"),
    [
        ("aarch64", 64, "glibc 2.36", "aarch64", ""),
        ("aarch64", 32, "glibc 2.36", "armv7l", "install a 64-bit system"),
        ("x86_64", 32, "glibc 2.36", "i686", "install a 64-bit system"),
        ("armv7l", 32, "glibc 2.31", "armv7l", "install a 64-bit system"),
        ("armv6l", 32, "glibc 2.36", "armv6l", "no runtime is made: install a 64-bit system"),
        ("aarch64", 32, "", "armv7l", "install a 64-bit system with glibc"),
        ("i586", 32, "glibc 2.31", "i586", "install a 64-bit system"),
        ("riscv64", 64, "glibc 2.39", "riscv64", "a board of aarch64 or x86_64"),
        ("aarch64", 64, "", "aarch64", "--portable"),
        ("x86_64", 64, "musl 1.2", "x86_64", "install a system with glibc"),
    ],
)
def test_wheels_are_for_the_boards_python_and_not_for_its_kernel(machine, bits, libc, processor, words):
    platform = Platform(machine, "3.11", libc, bits)
    assert all(tag.endswith(processor) for tag in platform.tags())
    assert words in platform.why_not()
    assert bool(platform.why_not()) == bool(words)
