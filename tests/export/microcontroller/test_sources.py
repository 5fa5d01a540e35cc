import re
import shutil
import subprocess

import pytest

from edgecompress.export.microcontroller.sources import write_sources


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler")
def test_the_array_is_the_file_and_is_aligned(tmp_path):
    model = tmp_path / "m.tflite"
    model.write_bytes(bytes(range(256)) * 3 + b"\x01")
    write_sources(tmp_path, model, arena=1000, operators=["CONV_2D"], shapes=(4, 2))
    (tmp_path / "check.cc").write_text(
        '#include <cstdio>\n#include "model_data.h"\n'
        "int main() { if (reinterpret_cast<unsigned long>(kModelData) % 16) return 1;"
        " return fwrite(kModelData, 1, kModelDataSize, stdout) != kModelDataSize; }\n"
    )
    command = ["g++", "-std=c++17", "-Wall", "-Werror", "model_data.cc", "check.cc", "-o", "check"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert subprocess.run([tmp_path / "check"], capture_output=True, check=True).stdout == model.read_bytes()


def test_the_program_adds_exactly_the_operators_and_has_room(tmp_path):
    model = tmp_path / "m.tflite"
    model.write_bytes(b"\x00" * 20)
    found = write_sources(tmp_path, model, arena=5001, operators=["CONV_2D", "ethos-u", "CONV_2D"], shapes=(64, 10))
    assert set(found) == {"model_data.h", "model_data.cc", "main.cc", "serve.cc"}
    text = (tmp_path / "main.cc").read_text()
    assert re.findall(r"resolver\.(Add\w+)\(\)", text) == ["AddConv2D", "AddEthosU"]
    assert "MicroMutableOpResolver<2>" in text
    (size,) = re.findall(r"kArenaSize = (\d+)", text)
    assert 5001 < int(size) <= 5001 + 2048
    assert int(size) % 16 == 0
    assert "ethosu_init" in text
    assert "kInputs = 64" in text


def test_the_program_that_serves_has_the_same_network(tmp_path):
    model = tmp_path / "m.tflite"
    model.write_bytes(b"\x00" * 20)
    write_sources(tmp_path, model, arena=5001, operators=["CONV_2D", "PAD"], shapes=(64, 10))
    main, serve = ((tmp_path / name).read_text() for name in ("main.cc", "serve.cc"))
    shared = main[main.index('#include "model_data.h"') : main.index("int main()")].rstrip()
    assert "AddConv2D" in shared
    assert serve.count(shared) == 1
    for platform in ("ARDUINO", "ESP_PLATFORM", "__ZEPHYR__"):
        assert f"defined({platform})" in serve
