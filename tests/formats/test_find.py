import pytest

from edgecompress.errors import InputError
from edgecompress.formats import find
from edgecompress.formats.onnx.decoded import decoded_weights
from edgecompress.formats.onnx.network import write_onnx
from edgecompress.formats.tflite.network import write_tflite


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A function that installs a package of one module ``npx_format``, which the entry point ``npx`` names."""

    def install(text):
        (tmp_path / "npx_format.py").write_text(text)
        described = tmp_path / "npx-1.0.dist-info"
        described.mkdir()
        (described / "METADATA").write_text("Metadata-Version: 2.1\nName: npx\nVersion: 1.0\n")
        (described / "entry_points.txt").write_text(f"[{find.GROUP}]\nnpx = npx_format\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(find.sys.modules, "npx_format", raising=False)

    return install


def test_a_folder_is_a_format_or_a_container():
    assert [(each.name, each.suffix, each.title) for each in find.formats()] == [
        ("onnx", ".onnx", "ONNX"),
        ("tflite", ".tflite", "TFLite"),
    ]
    assert [each.suffix for each in find.containers()] == [".ecz"]
    assert find.of_profiles() == find.formats()
    assert find.of_runtime("litert").name == "tflite"


def test_the_content_says_the_format_then_the_name_then_nothing(network, tmp_path):
    write_tflite(network(), tmp_path / "a.onnx", compress=False)
    (tmp_path / "b.tflite").write_bytes(b"none of both")
    (tmp_path / "c.bin").write_bytes(b"none of both")
    assert [find.of_file(tmp_path / name).name for name in ("a.onnx", "b.tflite", "c.bin")] == [
        "tflite",
        "tflite",
        "onnx",
    ]
    assert find.of_suffix(tmp_path / "c.bin") is None
    assert [find.has_decoders(tmp_path / name) for name in ("m.onnx", "m.tflite", "m.bin")] == [True, False, False]
    assert find.of_start(b"\0\0\0\0TFL3") is find.of_suffix(tmp_path / "b.tflite")
    with pytest.raises(InputError, match=r"cannot read .*absent: .*; give an \.onnx or \.tflite file"):
        find.of_file(tmp_path / "absent")


def test_weights_come_from_a_file_of_any_format_under_any_name(network, weights, tmp_path):
    write_onnx(network(), tmp_path / "m.onnx", compress=True)
    (tmp_path / "m.bin").write_bytes((tmp_path / "m.onnx").read_bytes())
    read = dict(find.each_weight(tmp_path / "m.bin"))
    expected = decoded_weights(tmp_path / "m.onnx")
    assert read.keys() == expected.keys() and all((read[name] == expected[name]).all() for name in read)
    write_tflite(network(), tmp_path / "m.tflite", compress=True, weights="float32")
    values = {array.size: array for _, array in find.each_weight(tmp_path / "m.tflite")}
    assert sorted(values[weights["fc.weight"].size].ravel()) == sorted(weights["fc.weight"].ravel())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("import not_there", r"the format 'npx' does not load \(No module named 'not_there'\)"),
        ("", r"the format 'npx' does not load \(.*FORMAT"),
        ("FORMAT = 3", "npx_format.FORMAT is no Format of that name"),
        ("from edgecompress.formats.onnx.format import FORMAT", "npx_format.FORMAT is no Format of that name"),
    ],
)
def test_a_package_that_is_no_format_is_one_line(package, text, line):
    package(text)
    with pytest.raises(InputError, match=line):
        find.formats()
