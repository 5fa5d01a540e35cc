import pytest

from edgecompress import target
from edgecompress.errors import InputError


@pytest.mark.parametrize("name", target.names())
def test_every_shipped_profile_is_valid_and_called_by_its_file(name):
    profile = target.load(name)
    assert profile.name == name
    assert profile.threads <= profile.cores


def test_the_boards_of_the_mission_are_there():
    assert set(target.names()) == {
        "rpi4", "rpi5", "rpi-zero2w", "jetson-nano", "jetson-orin", "android-arm64", "host",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["jetson-nano", "jetson-orin"])
def test_providers_are_called_as_onnxruntime_calls_them(name):
    import onnxruntime

    providers = target.load(name).providers
    assert providers
    assert set(providers) <= set(onnxruntime.get_all_providers())


def test_a_profile_of_one_s_own(tmp_path):
    path = tmp_path / "board.toml"
    text = (
        'title = "B"\narch = "armv7l"\ncpu = "c"\ncores = 1\nmemory_mib = 64\nruntimes = ["litert"]\n'
        'threads = 1\ntransport = "ssh"\n'
    )
    path.write_text(text)
    assert target.load(str(path)).name == "board"
    path.write_text(text.replace("litert", "tensorflow"))
    with pytest.raises(InputError, match=r"runtimes\.0: .*'onnxruntime' or 'litert'"):
        target.load(str(path))
