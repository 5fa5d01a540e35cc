"""The page of all kinds of records, and a real Chromium to open it in."""

import os
import shutil

import pytest

from edgecompress.report.whole import whole
from edgecompress.report.writers.html import html

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def document(found):
    return whole(found)


@pytest.fixture(scope="session")
def page_file(document, tmp_path_factory):
    """The page on disk, in a folder of its own."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "report.html").write_text(html(document, folder), encoding="utf-8")
    return folder / "report.html"


@pytest.fixture(scope="module")
def chromium():
    """Chromium without a window. It is Debian's, or any other that is installed: none is downloaded."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed (Debian: apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        # Root has no sandbox to give.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield browser
        browser.close()
