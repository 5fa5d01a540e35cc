import pytest

from edgecompress import devices, target
from edgecompress.devices import Device
from edgecompress.errors import InputError

KITCHEN = Device(
    name="kitchen", address="ssh://pi@192.0.2.7:2222", target="rpi4", key="~/my keys/id", folder="/mnt/a b"
)
PIXEL = Device(name="pixel", address="adb:R58M123", target="android-arm64", runtimes=["litert"])
ORIN = Device(name="orin", address="ssh://nv@orin", target="jetson-orin")
NANO = Device(name="nano", address="ssh://nv@nano", target="jetson-nano")


@pytest.fixture(autouse=True)
def empty(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "path", lambda: tmp_path / "config" / "devices.toml")


def test_what_is_registered_reads_back_and_can_be_removed():
    odd = Device(name="odd", address="ssh://böse@host", python='/opt/"new" \\ python')
    for device in (KITCHEN, PIXEL, odd):
        devices.add(device)
    assert list(devices.registered().values()) == [KITCHEN, PIXEL, odd]
    assert devices.remove("pixel") == PIXEL
    assert list(devices.registered()) == ["kitchen", "odd"]


def test_a_name_is_taken_once():
    devices.add(KITCHEN)
    with pytest.raises(InputError, match="there is a device 'kitchen' already"):
        devices.add(KITCHEN)
    devices.add(KITCHEN.model_copy(update={"target": "rpi5"}), replace=True)
    assert devices.find("kitchen").target == "rpi5"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"name": "local"}, "always means this machine"),
        ({"name": "a b"}, "is not a name"),
        ({"name": "a,b"}, "is not a name"),
        ({"target": "rpi9"}, "unknown target 'rpi9'"),
        ({"address": "pi@192.0.2.7"}, "is not an address: write ssh://user@host"),
        ({"address": "ssh://-oProxyCommand=x"}, "is not an address"),
        ({"address": "adb:two words"}, "is not an address"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_written(change, line):
    with pytest.raises(InputError, match=line):
        devices.add(KITCHEN.model_copy(update=change))
    assert not devices.path().exists()


def test_local_and_addresses_need_no_registration():
    assert devices.find("local").transport == "local"
    assert devices.find("ssh://pi@192.0.2.9").transport == "ssh"
    assert devices.find("adb:").transport == "adb"
    with pytest.raises(InputError, match="is not an address"):
        devices.find("ssh://")


def test_an_emulated_processor_is_named_by_itself_or_by_a_board():
    for name, found, profile in (
        ("emulated:cortex-a76", "cortex-a76", None),
        ("emulated:x86-no-avx", "x86-no-avx", None),
        ("emulated:rpi4", "cortex-a72", "rpi4"),
        ("emulated:jetson-nano", "cortex-a57", "jetson-nano"),
    ):
        device = devices.find(name)
        assert (device.address, device.processor, device.target) == (f"emulated:{found}", found, profile)
        assert device.emulated
    assert devices.find("emulated", target.load("rpi-zero2w")).processor == "cortex-a53"
    assert not devices.find("local").emulated
    assert devices.find("local").processor == ""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("emulated", "unknown processor to emulate ''; choose from: cortex-a53, .*rpi4"),
        ("emulated:", "unknown processor to emulate ''"),
        ("emulated:rpi9", r"unknown processor to emulate 'rpi9'; did you mean 'rpi"),
        ("emulated:host", "the profile host names no processor to emulate: give one, as emulated:cortex-a72"),
    ],
)
def test_a_processor_that_is_not_emulated_is_one_line(name, line):
    with pytest.raises(InputError, match=line):
        devices.find(name)


def test_an_emulated_processor_can_have_a_name():
    devices.add(Device(name="pi", address="emulated:cortex-a72"))
    assert devices.find("pi").processor == "cortex-a72"
    with pytest.raises(InputError, match="unknown emulated processor 'rpi4'"):
        devices.add(Device(name="pi2", address="emulated:rpi4"))


def test_an_address_that_is_registered_means_that_device():
    devices.add(KITCHEN)
    assert devices.find(KITCHEN.address) == KITCHEN


def test_a_profile_or_a_family_means_the_one_registered_board_of_it():
    with pytest.raises(InputError, match=r"no device of the profile 'jetson' .*add NAME ssh://.* --target jetson-"):
        devices.find("jetson")
    with pytest.raises(InputError, match=r"devices add NAME adb:SERIAL --target android-arm64"):
        devices.find("android-arm64")
    devices.add(ORIN)
    assert devices.find("jetson") == devices.find("jetson-orin") == ORIN
    devices.add(NANO)
    with pytest.raises(InputError, match="'jetson' can be any of orin, nano: give --device orin"):
        devices.find("jetson")
    assert devices.find("jetson-nano") == NANO


def test_a_phone_needs_no_profile_and_the_beginning_of_a_name_is_enough_where_one_has_it():
    with pytest.raises(InputError, match=r"no device of the profile 'android' .*adb:SERIAL --target android-arm64"):
        devices.find("android")
    pixel = Device(name="pixel-7", address="adb:1")
    devices.add(pixel)
    devices.add(ORIN)
    assert devices.find("android") == devices.find("pixel") == pixel
    devices.add(Device(name="pixel-8", address="adb:2", target="android-arm64"))
    for name in ("android", "pixel", "android-arm64"):
        with pytest.raises(InputError, match=f"'{name}' can be any of pixel-7, pixel-8: give --device pixel-7"):
            devices.find(name)


@pytest.mark.parametrize("name", ["kitchn", "", "kitchen.toml"])
def test_an_unknown_name_lists_what_there_is(name):
    devices.add(KITCHEN)
    with pytest.raises(InputError, match=f"unknown device '{name}'.*kitchen.*or give an address") as caught:
        devices.find(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[a]\nadress = 'x'\n", "unknown key 'adress'; did you mean 'address'"),
        ("a = 1\n", "must be a table"),
        ("[a]\naddress = 'somewhere'\n", "is not an address"),
        ("[a", "cannot read"),
    ],
)
def test_a_broken_file_names_itself(text, line):
    devices.path().parent.mkdir()
    devices.path().write_text(text)
    with pytest.raises(InputError, match=line):
        devices.registered()


def test_a_transport_refuses_what_it_has_not():
    with pytest.raises(InputError, match="unknown option of local 'key'"):
        Device(name="here", address="local", key="x").connect()
    with Device(name="here", address="local", python="/opt/python").connect() as connection:
        assert connection.python == "/opt/python"


def test_the_file_is_in_the_platforms_config_folder(monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert devices.path() == tmp_path / "edgecompress" / "devices.toml"


def lease(name, address, order):
    """Have a board for a moment, and leave word of when."""
    import time

    def waiting():
        order.write_text(order.read_text() + f"{name} waits\n")

    with devices.leased(Device(name=name, address=address), waiting):
        with order.open("a") as file:
            file.write(f"{name} begins\n")
        time.sleep(0.3)
        with order.open("a") as file:
            file.write(f"{name} ends\n")


def test_a_board_is_leased_to_one_process_at_a_time_and_another_board_is_free(tmp_path, monkeypatch):
    import multiprocessing

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    spawn = multiprocessing.get_context("spawn")
    order = tmp_path / "order"
    order.touch()
    board = Device(name="first", address="ssh://pi@board")
    with devices.leased(board, lambda: pytest.fail("it is free")):
        same = spawn.Process(target=lease, args=("second", "ssh://pi@board", order))
        same.start()
        while "second waits" not in order.read_text():
            assert same.is_alive()
        with devices.leased(Device(name="b", address="ssh://pi@other"), lambda: pytest.fail("it is free")):
            pass
        with devices.leased(devices.find("local"), lambda: pytest.fail("this machine needs none")):
            pass
        assert order.read_text() == "second waits\n"
    same.join()
    assert order.read_text() == "second waits\nsecond begins\nsecond ends\n"
    with devices.leased(board, lambda: pytest.fail("it is free again")):
        pass


def test_an_address_as_a_part_of_a_files_name():
    for name, part in (("kitchen", "kitchen"), ("ssh://pi@10.0.0.2:22", "pi-10.0.0.2-22"), ("adb:/../x", "adb-..-x")):
        assert Device(name=name, address=name).file_name == part


def test_this_machine_and_an_emulated_processor_need_no_set_up():
    assert devices.set_up(devices.find("local")) is None
    assert devices.set_up(devices.find("emulated:cortex-a72")) is None


def test_a_microcontroller_is_a_device_on_a_serial_line(tmp_path):
    with pytest.raises(InputError, match=r"devices add NAME serial:/dev/ttyACM0 --target cortex-m"):
        devices.find("cortex-m")
    devices.add(Device(name="bench-board", address="serial:/dev/ttyUSB0@921600", target="cortex-m"))
    found = devices.find("cortex-m")
    assert (found.name, found.is_microcontroller, found.file_name) == ("bench-board", True, "bench-board")
    assert devices.find("serial:/dev/ttyUSB0@921600") == found
    assert devices.find("serial:COM3").file_name == "serial-COM3"
    with pytest.raises(InputError, match=r"no agent runs: flash .* edgecompress bench BUNDLE --device bench-board"):
        found.connect()
    with pytest.raises(InputError, match="no agent runs"):
        devices.set_up(found)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"address": "ssh://user@host", "target": "esp32-s3"}, "esp32-s3 is a microcontroller, and"),
        ({"address": "serial:/dev/ttyACM0", "target": "rpi4"}, "rpi4 is none, and 'serial:/dev/ttyACM0'"),
        ({"address": "serial:/dev/ttyACM0@fast"}, "is not an address: write serial:"),
        ({"address": "serial:/dev/ttyACM0", "python": "python3"}, "leave --python"),
    ],
)
def test_an_address_that_is_no_such_board_s_is_refused(given, said):
    with pytest.raises(InputError, match=said):
        devices.add(Device(name="mine", **given))
