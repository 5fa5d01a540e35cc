from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_a_document_is_printed_by_each_of_its_names(edgecompress):
    text = (DOCS / "android.md").read_text()
    for name in ("android", "android.md", "docs/android.md"):
        assert edgecompress("docs", name).stdout == text.rstrip() + "\n"


def test_without_a_name_all_are_listed_by_what_they_are_about(edgecompress):
    lines = edgecompress("docs").stdout.splitlines()
    assert [line.split()[0] for line in lines] == sorted(path.stem for path in DOCS.glob("*.md"))
    assert "android        Android, and arm64 without a board" in lines


def test_a_misspelt_one_is_corrected(refused):
    assert "unknown document 'androd'; did you mean 'android'?" in refused("docs", "androd")
    assert "unknown document '../README'" in refused("docs", "../README.md")
