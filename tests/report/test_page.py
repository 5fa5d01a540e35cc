import builtins
import shutil

from edgecompress.report.page import write_page


def test_the_page_lies_beside_the_folder_and_is_markdown_where_html_cannot_be_made(measured, tmp_path, monkeypatch):
    folder = tmp_path / "a.b"
    shutil.copytree(measured[2], folder)
    path, missing = write_page(folder, folder)
    assert (path, missing) == (tmp_path / "a.b.html", "")
    assert "<!doctype html>" in path.read_text().lower()
    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "jinja2":
            raise ModuleNotFoundError("No module named 'jinja2'", name="jinja2")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    path, missing = write_page(folder, folder)
    assert (path, missing) == (tmp_path / "a.b.md", "jinja2")
    assert path.read_text().startswith("# Compression report")
