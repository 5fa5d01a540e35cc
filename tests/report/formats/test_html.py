"""The page as a file: what is in it, and what is not. What a browser makes of it is in test_page.py."""

import base64
import gzip
import hashlib
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from markupsafe import escape

from .. import documents


class Page(HTMLParser):
    """Elements with their attributes, and the text of each script and style."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.raw, self._inside = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag in ("script", "style"):
            self._inside = (tag, dict(attributes))

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self._inside = None

    def handle_data(self, data):
        if self._inside:
            self.raw.append((*self._inside, data))


@pytest.fixture(scope="module")
def text(page_file):
    return page_file.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_nothing_is_fetched(text, page):
    for tag, attributes in page.elements:
        assert "src" not in attributes, tag
        assert tag not in ("link", "iframe", "object", "embed", "img", "base")
        if tag == "a":
            assert not re.match(r"[a-z]+:|//", attributes["href"])
    assert "@import" not in text
    assert "url(" not in "".join(data for tag, _, data in page.raw if tag == "style")


def test_only_the_pages_own_script_and_style_may_run(page):
    (policy,) = (a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag, attributes, data in page.raw:
        if attributes.get("type") != "text/plain":
            digest = base64.b64encode(hashlib.sha256(data.encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}'" in policy
    # The policy would stop these, and a page that needs them would be broken.
    assert not [attributes for _, attributes in page.elements if "style" in attributes]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def test_a_hostile_name_is_text_everywhere(page, text):
    assert Counter(tag for tag, _ in page.elements)["script"] == 1 + 10  # the page's own, and one for each record
    assert "<img" not in text
    assert documents.NAME not in text
    assert text.count("alert(&#34;x&#34;)") + text.count("alert(&quot;x&quot;)") + text.count('alert("x")') > 3


def test_ids_are_unique_and_links_lead_to_one(page):
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert max(ids.values()) == 1
    for tag, attributes in page.elements:
        if tag == "a" and attributes["href"].startswith("#"):
            assert attributes["href"][1:] in ids
        for name in ("aria-labelledby", "aria-describedby"):
            assert attributes.get(name) is None or attributes[name] in ids


def test_links_to_files_lead_to_the_records(page, page_file, found):
    linked = {
        (page_file.parent / attributes["href"]).resolve()
        for tag, attributes in page.elements
        if tag == "a" and not attributes["href"].startswith("#")
    }
    assert linked == {source.path.resolve() for source in found.sources}


def test_every_record_is_in_the_page_byte_by_byte(page, found):
    packed = [data for tag, attributes, data in page.raw if attributes.get("class") == "content"]
    assert [gzip.decompress(base64.b64decode(each)) for each in packed] == [s.path.read_bytes() for s in found.sources]


def test_a_mark_names_a_row_and_says_what_it_is(page, document):
    rows = {row.key for section in document.sections for figure in section.figures for row in figure.table.rows}
    marks = [attributes for _, attributes in page.elements if "data-row" in attributes]
    assert {mark["data-row"] for mark in marks} <= rows
    assert all(re.search(r"\d", mark["data-says"]) for mark in marks)
    # Each file of the real benchmark: at two widths, in each of two plots.
    said = Counter(mark["data-says"] for mark in marks if mark["data-row"].startswith("front-1-"))
    assert set(said.values()) == {4}


def test_every_plot_has_its_table(document, text):
    for section in document.sections:
        for figure in section.figures:
            if figure.charts:
                assert figure.table.rows
                assert f'aria-label="Table: {escape(figure.title)}"' in text


def test_provenance_is_on_every_row(page, document):
    rows = sum(len(figure.table.rows) for section in document.sections for figure in section.figures)
    taken = [a["class"] for tag, a in page.elements if tag == "span" and a.get("class", "").startswith("taken")]
    assert len(taken) == rows
    assert "taken emulated" in taken
