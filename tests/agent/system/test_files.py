from edgecompress.agent.system.files import entries, number, text


def test_small_files_are_read_without_their_ends(tmp_path):
    (tmp_path / "model").write_bytes(b"Jetson Nano\0\n")
    (tmp_path / "clock").write_text("1500000\n")
    assert text(tmp_path / "model") == "Jetson Nano"
    assert number(tmp_path / "clock") == 1_500_000
    assert entries(tmp_path) == ["clock", "model"]


def test_what_cannot_be_read_is_none(tmp_path):
    (tmp_path / "word").write_text("<unsupported>")
    assert text(tmp_path / "absent") is None
    assert text(tmp_path) is None
    assert number(tmp_path / "absent") is None
    assert number(tmp_path / "word") is None
    assert entries(tmp_path / "absent") == []
