import json


def test_the_list_the_profile_and_both_as_json(edgecompress):
    table = edgecompress("targets").stdout
    assert "rpi-zero2w" in table
    assert "NVIDIA Jetson Orin Nano Developer Kit" in table
    assert "Raspberry Pi 4 Model B" in edgecompress("targets", "rpi4").stdout
    every = json.loads(edgecompress("targets", "--json").stdout)
    one = json.loads(edgecompress("targets", "rpi4", "--json").stdout)
    assert one in every


def test_a_misspelt_target(refused):
    assert "did you mean 'rpi4'?" in refused("targets", "rpi-4")
