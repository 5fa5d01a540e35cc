import re
from pathlib import Path

import pytest

from edgecompress import shipped
from edgecompress.errors import InputError
from edgecompress.records import schemas

ROOT = Path(__file__).parents[1]


def test_the_shipped_files_are_found():
    assert {"rpi4", "host", "jetson-orin", "android-arm64"} <= set(shipped.names("targets"))
    assert {"alexnet", "resnet18", "vgg16bn", "vgg19bn"} <= set(shipped.names("recipes"))


def test_a_path_is_taken_as_it_is_and_a_missing_one_is_said(tmp_path):
    own = tmp_path / "mine.toml"
    own.write_text("a = 1")
    assert shipped.path_of("targets", str(own)) == own
    with pytest.raises(InputError, match="does not exist"):
        shipped.path_of("targets", str(tmp_path / "no.toml"))


def test_a_misspelt_name_is_corrected():
    with pytest.raises(InputError, match="unknown target 'rpi44'; did you mean 'rpi4'"):
        shipped.path_of("targets", "rpi44")


@pytest.mark.parametrize(
    "content",
    [b"a = ", b"\xff\xfe", b"[a]\n[a]", b"a = " + b"[" * 50_000, b"a = " + b"9" * 5000, b"a=2026-13-40"],
    ids=["cut", "no text", "twice", "deep", "long", "no date"],
)
def test_what_is_not_toml_is_one_line_with_the_file_s_name(tmp_path, content):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.toml") as caught:
        shipped.read_toml(path)
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    (tmp_path / "windows.toml").write_bytes(b"\xef\xbb\xbfname = 1\r\n")
    assert shipped.read_toml(tmp_path / "windows.toml") == {"name": 1}


def test_every_document_is_in_the_wheel_too(tmp_path):
    import zipfile

    from hatchling.builders.wheel import WheelBuilder

    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    inside = set(zipfile.ZipFile(wheel).namelist())
    for kind in ("targets", "recipes", "docs"):
        ending = "md" if kind == "docs" else "toml"
        assert {f"edgecompress/_shipped/{kind}/{name}.{ending}" for name in shipped.names(kind)} <= inside
    assert {f"edgecompress/_shipped/docs/schema/{name}.json" for name in schemas.DOCUMENTS} <= inside


def test_what_messages_name_is_there():
    said = {
        name
        for path in (ROOT / "src").rglob("*.py")
        for name in re.findall(r"'edgecompress docs (?:\"\s*\")?([a-z-]+)'", path.read_text(encoding="utf-8"))
    }
    assert {"android", "own-models", "records", "runtimes"} <= said <= set(shipped.names("docs"))
