"""The documentation as a site: every page is in it, and no link in one leads nowhere."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_site_is_built_without_a_warning_and_has_every_page(tmp_path):
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    command = [Path(sys.executable).with_name("zensical"), "build", "--strict", "--config-file", "mkdocs.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    menu = (tmp_path / "dist" / "site" / "index.html").read_text(encoding="utf-8")
    for page in (tmp_path / "docs").glob("*.md"):
        assert f'href="{page.stem}.html"' in menu or page.stem == "index"
