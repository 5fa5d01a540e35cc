import json

import pytest


def test_a_device_from_its_registration_to_its_removal(edgecompress, refused):
    assert "no device is registered" in edgecompress("devices", "list").stdout
    added = edgecompress(
        "devices", "add", "kitchen", "ssh://pi@192.0.2.7", "--target", "rpi4", "--runtime", "litert", "--key", "a key",
        "--no-connect",
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    assert "devices.toml" in added.stdout
    (listed,) = json.loads(edgecompress("devices", "list", "--json").stdout)
    assert (listed["address"], listed["key"]) == ("ssh://pi@192.0.2.7", "a key")
    assert "kitchen" in edgecompress("devices", "list").stdout
    assert "ssh://pi@192.0.2.7" in edgecompress("devices", "show", "rpi4").stdout
    assert json.loads(edgecompress("devices", "show", "kitchen", "--json").stdout) == listed
    assert "already" in refused("devices", "add", "kitchen", "ssh://pi@192.0.2.8")
    assert edgecompress("devices", "remove", "kitchen").stdout == "removed kitchen\n"
    assert "unknown device 'kitchen'" in refused("devices", "remove", "kitchen")


WRONG = [["add", "x", "somewhere"], ["add", "x", "adb:1", "--target", "rpi9"], ["show", "x"]]


@pytest.mark.parametrize("arguments", WRONG)
def test_wrong_inputs(refused, arguments):
    refused("devices", *arguments)


def test_what_is_kept_on_a_board_is_removed(edgecompress, sshd):
    folder = sshd.folder / "to clean"
    edgecompress("devices", "add", "board", f"ssh://{sshd.address}", "--folder", folder)
    done = edgecompress("devices", "clean", "board")  # nobody answers
    assert (done.returncode, "--yes" in done.stderr, folder.exists()) == (2, True, True)
    done = edgecompress("devices", "clean", "board", "--yes")
    assert (done.returncode, done.stdout) == (0, f"board: removed {folder}\n")
    assert not folder.exists()


def test_a_registered_device_is_looked_at_and_the_next_command_is_shown(edgecompress, sshd):
    done = edgecompress("devices", "add", "board", f"ssh://{sshd.address}", "--folder", sshd.root)
    assert done.returncode == 0, done.stderr
    assert "reached by ssh" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("next: edgecompress ")
    sshd.know("")
    done = edgecompress("devices", "add", "board", f"ssh://{sshd.address}", "--replace")
    assert (done.returncode, "SHA256:" in done.stdout) == (0, True)
    assert done.stdout.splitlines()[-1] == "next: edgecompress doctor --device board"
    assert json.loads(edgecompress("devices", "list", "--json").stdout)[0]["name"] == "board"
