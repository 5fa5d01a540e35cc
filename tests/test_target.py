import pytest

from edgecompress import target
from edgecompress.errors import InputError


def test_every_shipped_profile_is_valid_and_called_by_its_file():
    wrong = []
    for name in target.names():
        try:
            profile = target.load(name)
        except InputError as error:
            wrong.append(str(error))
            continue
        if profile.name != name:
            wrong.append(f"{name} calls itself {profile.name}")
        if profile.threads > profile.cores:
            wrong.append(f"{name} has {profile.threads} threads on {profile.cores} cores")
    assert wrong == []


def test_the_boards_of_the_mission_are_there():
    assert set(target.names()) == {
        "rpi4", "rpi5", "rpi-zero2w", "jetson-nano", "jetson-orin", "android-arm64", "host",
        "cortex-m", "esp32-s3", "ethos-u55-128", "ethos-u65-256", "ethos-u85-256",
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
    with pytest.raises(InputError, match=r"runtimes\.0: .*'onnxruntime', 'litert' or 'tflite-micro'"):
        target.load(str(path))


def test_what_a_board_can_compute_with_and_what_stands_for_it_agree():
    from edgecompress.deploy.emulated.processors import PROCESSORS

    names = {"dotprod": "asimddp", "fp16": "asimdhp", "i8mm": "i8mm", "bf16": "bf16", "sve": "sve", "sve2": "sve2"}
    for profile in map(target.load, target.names()):
        if profile.emulator_cpu is None:
            assert profile.name == "host" or profile.is_microcontroller
            continue
        has = PROCESSORS[profile.emulator_cpu].features.split()
        assert {name for name in names if names[name] in has} == set(profile.features), profile.name


def test_which_boards_compute_with_nonzeros_alone():
    """Arm processors, where LiteRT runs on them and no accelerator is there to run on instead."""
    assert {name for name in target.names() if target.load(name).sparse_kernels} == {
        "android-arm64", "rpi-zero2w", "rpi4", "rpi5",
    }  # fmt: skip


def test_a_microcontroller_has_flash_and_ram_and_one_runtime(tmp_path):
    path = tmp_path / "mine.toml"
    text = (
        'title = "M"\narch = "cortex-m"\ncpu = "c"\ncores = 1\nram_kib = 64\nflash_kib = 256\nthreads = 1\n'
        'runtimes = ["tflite-micro"]\ntransport = "none"\nnpu = "ethos-u55-64"\n'
    )
    path.write_text(text)
    assert target.load(str(path)).is_microcontroller  # as profiles say it that are older than that transport
    path.write_text(text.replace('"none"', '"serial"'))
    assert target.load(str(path)).is_microcontroller
    assert not target.load("rpi4").is_microcontroller
    for changed, message in (
        (text.replace('"tflite-micro"', '"litert"'), "memory_mib"),
        (text.replace('"tflite-micro"', '"tflite-micro", "litert"'), "no other beside it"),
        (text.replace("ram_kib = 64\n", ""), "ram_kib and flash_kib"),
        (text.replace('"none"', '"ssh"'), "a serial line"),
        (text.replace("ethos-u55-64", "ethos-u55-65"), "npu"),
    ):
        path.write_text(changed)
        with pytest.raises(InputError, match=message) as raised:
            target.load(str(path))
        assert "Value error" not in str(raised.value) and len(str(raised.value)) < 500  # not the whole table
    path.write_text(text.replace('"none"', '"ssh"'))
    with pytest.raises(
        InputError, match=r"mine\.toml: a microcontroller is reached by a serial line: give transport = \"serial\"$"
    ):
        target.load(str(path))


def test_shipped_budgets_of_microcontrollers_fit_their_memories():
    for profile in map(target.load, target.names()):
        if profile.is_microcontroller:
            assert profile.budget.file_kib < profile.flash_kib
            assert profile.budget.arena_kib < profile.ram_kib


def test_limits_of_one_build_are_enforced_in_place_of_the_profile_s():
    board = target.load("cortex-m")
    assert board.limited(file=None, arena=None) is board
    small = board.limited(file=256_000, arena=None).budget
    assert (small.file_kib, small.arena_kib, small.enforce) == (250, 256, True)
    assert board.limited(file=None, arena=65_536).budget.arena_kib == 64
    for limits in ({"file": 100, "arena": None}, {"file": None, "arena": 0}):
        with pytest.raises(InputError, match="at least 1 KiB"):
            board.limited(**limits)
    with pytest.raises(InputError, match="rpi4 has Linux"):
        target.load("rpi4").limited(file=None, arena=65_536)
