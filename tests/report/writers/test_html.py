"""The page as a file: what is in it, and what is not. What a browser makes of it is in test_page.py."""

import base64
import gzip
import hashlib
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markupsafe import escape

from edgecompress import methods
from edgecompress.report.document import Chart
from edgecompress.report.found import find
from edgecompress.report.whole import whole
from edgecompress.report.writers import html as page_of

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
    assert all(re.search(r"\d", mark["data-tooltip"]) for mark in marks)
    # Each file of the real benchmark: at two widths, in each of two plots.
    said = Counter(mark["data-tooltip"] for mark in marks if mark["data-row"].startswith("front-1-"))
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


@pytest.mark.parametrize("format_", ["html", "markdown", "csv"])
def test_control_characters_of_a_name_are_shown_as_escapes(tmp_path, format_):
    """XML has no way to write most of them, and a terminal that shows the file obeys them."""
    name = "board\x1b[2J\x00\x9b\u202e\uffff"
    bench = documents.bench()
    bench["before"]["board"] = bench["bundle"]["model"] = bench["device"]["note"] = name
    bench["files"] = {f"{key}{name}": file for key, file in bench["files"].items()}
    for file in bench["files"].values():
        if file["latency"]:
            file["latency"]["together_with"] = []
    bench["comparisons"] = []
    found = find([documents.write(tmp_path, record=bench)])
    text = methods.find("edgecompress.report.writers", format_)(whole(found), tmp_path)
    assert r"board\x1b[2J\x00\x9b\u202e\uffff" in text.replace("\\\\", "\\").replace(r"\[", "[")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e\uffff]", text)
    assert "not drawn" not in text


def test_a_plot_that_cannot_be_drawn_costs_a_line_and_not_the_page(document, tmp_path):
    section = next(each for each in document.sections if each.key == "search")
    broken = Chart("A plot", lambda width: {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "mark": 3})
    figure = replace(section.figures[0], charts=(broken,))
    text = page_of.html(replace(document, sections=(replace(section, figures=(figure,)),)), tmp_path)
    assert "A plot: not drawn, because the renderer says: " in text
    assert figure.table.rows[0].key in text


def test_a_mark_with_an_infinite_number_is_not_drawn(document, tmp_path):
    section = next(each for each in document.sections if each.key == "search")
    (chart,) = section.figures[0].charts

    def draw(width):
        spec = chart.draw(width)
        return {
            **spec,
            "data": {"values": [*spec["data"]["values"], {"bytes": 1, "drop": float("inf"), "description": "x"}]},
        }

    figure = replace(section.figures[0], charts=(replace(chart, draw=draw),))
    text = page_of.html(replace(document, sections=(replace(section, figures=(figure,)),)), tmp_path)
    assert "not drawn" not in text
    assert "Infinity" not in text


def test_too_many_figures_and_bytes_are_tables_and_links(document, tmp_path, monkeypatch):
    monkeypatch.setattr(page_of, "DRAWN", 1)
    monkeypatch.setattr(page_of, "EMBEDDED", 0)
    text = page_of.html(document, tmp_path)
    assert "The first 1 of 4 are drawn" in text
    assert 'class="content"' not in text
    assert "too many bytes for a page" in text
    assert all(f'id="{row.key}"' in text for s in document.sections for f in s.figures for row in f.table.rows)


def test_texts_of_rows_are_escaped_and_long_words_may_be_wrapped():
    from edgecompress.report.document import Cell, Column, Row, Table
    from edgecompress.report.writers._rows import rows

    cells = (Cell("<b>&"), Cell("1,000"), Cell("a\x1b[31m" + "x" * 40), Cell("short"))
    columns = (Column("file", words=True), Column("size"), Column("name", words=True), Column("kind", words=True))
    made = rows(Table(columns, (Row("r-0", cells, "measured", ("0a",), stands_out=True),)), {"0a": "R1"})
    assert made.splitlines() == [
        '<tr id="r-0" class="stands-out">',
        '<th scope="row">&lt;b&gt;&amp;</th>',
        '<td class="figure">1,000</td>',
        f'<td class="long">a\\x1b[31m{"x" * 40}</td>',
        "<td>short</td>",
        '<td><span class="taken measured">measured</span></td>',
        '<td class="links"><a href="#0a" aria-label="record R1">R1</a> </td>',
        "</tr>",
    ]
