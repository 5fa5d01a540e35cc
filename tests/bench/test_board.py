import pytest

from edgecompress import target
from edgecompress.bench.board import mismatch


@pytest.mark.parametrize(
    ("profile", "transport", "said", "why"),
    [
        ("rpi4", "ssh", {"board": "Raspberry Pi 4 Model B Rev 1.4"}, ""),
        ("rpi4", "local", {"board": "Raspberry Pi 4 Model B Rev 1.4", "machine": "arm64"}, ""),
        (
            "rpi4",
            "ssh",
            {"board": "Raspberry Pi 4 Model B Rev 1.4", "machine": "armv7l"},
            "armv7l, and rpi4 is aarch64",
        ),
        ("rpi4", "ssh", {"board": "Raspberry Pi 4 Model B", "machine": "x86_64"}, "x86_64, and rpi4 is aarch64"),
        (
            "rpi4",
            "ssh",
            {"board": "Raspberry Pi 4 Model B Rev 1.4", "machine": "aarch64", "python_bits": 32},
            "it is armv7l on a kernel of aarch64, and rpi4 is aarch64",
        ),
        ("rpi4", "ssh", {"board": None}, "does not say which board"),
        ("rpi4", "ssh", {"board": "Raspberry Pi Compute Module 4"}, "is Raspberry Pi Compute Module 4"),
        ("rpi5", "ssh", {"board": "Raspberry Pi 5 Model B Rev 1.0"}, ""),
        ("rpi5", "ssh", {"board": "Raspberry Pi 500 Rev 1.0"}, "is Raspberry Pi 500"),
        ("jetson-orin", "ssh", {"board": "NVIDIA Orin Nano Developer Kit"}, ""),
        ("jetson-nano", "ssh", {"board": "NVIDIA Orin Nano Developer Kit"}, "is NVIDIA Orin"),
        ("android-arm64", "adb", {"system": "Android", "board": None}, ""),
        ("android-arm64", "adb", {"system": "Linux", "board": None}, "it runs Linux"),
        ("android-arm64", "adb", {"system": "Android", "machine": "x86_64"}, "it is x86_64"),
        ("host", "local", {"machine": "x86_64"}, ""),
        ("host", "ssh", {}, "the machine that this runs on"),
    ],
)
def test_a_machine_is_what_it_says_and_not_what_it_is_registered_as(measured, profile, transport, said, why):
    conditions = measured[0].before.model_copy(update={"machine": "aarch64", "product": None, **said})
    found = mismatch(target.load(profile), conditions, transport)
    assert why in found
    assert bool(found) == bool(why)


def test_a_profile_of_the_users_own_is_known_by_its_firmware(measured):
    profile = target.load("rpi4").model_copy(update={"arch": "x86_64", "models": ["NUC11"]})
    conditions = measured[0].before.model_copy(update={"machine": "amd64", "board": None, "product": "NUC11 TNKi5"})
    assert mismatch(profile, conditions, "ssh") == ""
    assert mismatch(profile, conditions.model_copy(update={"product": "NUC110"}), "ssh")


@pytest.mark.parametrize(("machine", "bits"), [("aarch64", 32), ("armv7l", 32), ("armv8l", 32), ("armv7l", None)])
def test_a_profile_of_a_32_bit_system_is_that_on_a_64_bit_kernel_too(measured, machine, bits):
    profile = target.load("rpi4").model_copy(update={"arch": "armv7l"})
    said = {"machine": machine, "python_bits": bits, "board": "Raspberry Pi 4 Model B Rev 1.4"}
    assert mismatch(profile, measured[0].before.model_copy(update=said), "ssh") == ""
