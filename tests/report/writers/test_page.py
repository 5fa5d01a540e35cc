"""The page in a real Chromium: pointer, keyboard, themes, a phone, print, and axe-core's rules of accessibility."""

import gzip
import re

import pytest

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 375, "height": 812}


@pytest.fixture
def opened(chromium, page_file):
    """Open the page with these settings. At the end: nothing was asked of a network, and nothing went wrong."""
    contexts, wrong = [], []

    def open_page(**settings):
        context = chromium.new_context(**{"viewport": WIDE, **settings})
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: wrong.append(request.url) if "report.html" not in request.url else None)
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.goto(page_file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


UNFOLD = "for (const each of document.querySelectorAll('details:not(.record)')) each.open = true"


def front(page):
    """The plot of bytes and accuracy of the board, unfolded."""
    page.evaluate("for (const each of document.querySelectorAll('details.one')) each.open = true")
    return page.locator("figure", has_text="measured on Raspberry Pi 4").locator(".plot").first


def luminance(page, selector):
    """Of an element's background, 0 to 255."""
    colour = page.eval_on_selector(selector, "element => getComputedStyle(element).backgroundColor")
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3


def test_the_pointer_is_told_what_a_mark_is(opened):
    page = opened()
    mark = front(page).locator("[data-row]:visible").first
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2)
    tooltip = page.locator("#tooltip")
    assert tooltip.inner_text() == mark.get_attribute("data-tooltip")
    assert re.search(r"[\d,]+ bytes, \d+\.\d\d %, p50 [\d.]+ ms", tooltip.inner_text())
    # The same file in the other plot and its row of the table light up too.
    row = mark.get_attribute("data-row")
    assert page.locator(f"svg:visible [data-row='{row}'].lit").count() == 2
    assert "lit" in page.locator(f"#{row}").get_attribute("class")
    inside = tooltip.bounding_box()
    assert inside["x"] >= 0 and inside["x"] + inside["width"] <= WIDE["width"]
    page.mouse.move(5, 5)
    assert tooltip.is_hidden()


def test_a_click_goes_to_the_row(opened):
    page = opened()
    mark = front(page).locator("[data-row]:visible").first
    mark.click(force=True)
    assert page.evaluate("document.activeElement.id") == mark.get_attribute("data-row")


def test_the_keyboard_reaches_every_mark_and_its_row(opened):
    page = opened()
    plot = front(page)
    count = plot.locator("[data-row]:visible").count()
    plot.focus()
    said = []
    for _ in range(count):
        page.keyboard.press("ArrowRight")
        said.append(page.locator("#tooltip").inner_text())
    assert len(set(said)) == count
    page.keyboard.press("ArrowRight")  # at the end it stays
    assert page.locator("#tooltip").inner_text() == said[-1]
    page.keyboard.press("Home")
    assert page.locator("#tooltip").inner_text() == said[0]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "TR"
    assert said[0].split(":")[0] in page.evaluate("document.activeElement.innerText")


def test_escape_hides_what_was_said(opened):
    page = opened()
    front(page).focus()
    page.keyboard.press("End")
    tooltip = page.locator("#tooltip")
    tooltip.wait_for(state="visible")
    page.keyboard.press("Escape")
    tooltip.wait_for(state="hidden")


def test_what_is_said_stays_with_its_mark_while_the_page_scrolls_and_goes_with_it(opened):
    """Going to a plot by keyboard scrolls to it, and the browser tells of that later than of the next key."""
    page = opened()
    plot, tooltip = front(page), page.locator("#tooltip")
    plot.focus()
    page.keyboard.press("End")
    scroll = "by => new Promise(done => { scrollBy(0, by); requestAnimationFrame(() => requestAnimationFrame(done)); })"
    before = tooltip.bounding_box()["y"]
    page.evaluate(scroll, 20)
    assert tooltip.bounding_box()["y"] == pytest.approx(before - 20, abs=1)
    page.evaluate(scroll, 3 * WIDE["height"])
    assert tooltip.is_hidden()


def test_tab_goes_through_skip_theme_sections_and_plots_in_the_order_of_the_page(opened):
    page = opened()
    seen = []
    name = "(e => e.className || e.id || e.tagName)(document.activeElement)"
    for _ in range(18):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(name))
    # Nine sections; of each answer its records, folded; then the plot of all networks, and its table.
    assert seen == ["skip", "theme", *["A"] * 9, *["SUMMARY"] * 4, "plot", "scroll", "A"]


def test_a_row_in_a_folded_table_is_unfolded_when_it_is_gone_to(opened):
    page = opened()
    plot = page.locator("figure", has=page.locator("details.folded table")).locator(".plot").first
    assert plot.locator("xpath=ancestor::figure").locator("table").is_hidden()
    plot.locator("[data-row]:visible").first.click(force=True)
    assert page.evaluate("document.activeElement.getClientRects().length") > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_is_the_systems_until_the_button_says_otherwise(opened, scheme):
    page = opened(color_scheme=scheme)
    dark = scheme == "dark"
    assert (luminance(page, "body") < 60) == dark
    page.get_by_role("button", name="Light theme" if dark else "Dark theme").click()
    assert (luminance(page, "body") < 60) != dark
    page.reload()  # it is remembered
    assert (luminance(page, "body") < 60) != dark


def test_on_a_phone_nothing_is_wider_than_the_page_and_no_text_is_tiny(opened):
    page = opened(viewport=PHONE, device_scale_factor=2, has_touch=True, is_mobile=True)
    page.evaluate(UNFOLD)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    wide = """[...document.querySelectorAll('svg')].filter(svg => svg.getClientRects().length)
        .map(svg => svg.getBoundingClientRect()).filter(box => box.left < 0 || box.right > innerWidth).length"""
    assert page.evaluate(wide) == 0
    # Drawn for this width, not shrunk to it.
    scale = """[...document.querySelectorAll('svg')].filter(svg => svg.getClientRects().length)
        .map(svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)"""
    assert min(page.evaluate(scale)) > 0.99
    sizes = "[...document.querySelectorAll('svg text')].map(text => parseFloat(text.getAttribute('font-size')))"
    assert min(page.evaluate(sizes)) >= 12


def test_on_paper_there_is_everything_but_what_needs_a_screen(opened):
    page = opened(color_scheme="dark")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("table:visible").count() == page.locator("table").count()
    for hidden in ("nav", "#theme", "#tooltip"):
        assert page.locator(hidden).is_hidden()
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ground')").strip() == "#ffffff"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("table:visible").count() < page.locator("table").count()
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_a_record_is_shown_and_saved_as_it_was(opened, found, tmp_path):
    page = opened()
    source = next(source for source in found.sources if source.path.name == "hostile.json")
    page.evaluate(f"location.hash = '{source.id}'")
    record = page.locator(f"#{source.id}")
    record.locator("pre").wait_for()
    assert record.locator("pre").text_content() == source.path.read_text()
    with page.expect_download() as download:
        record.get_by_role("button").click()
    download.value.save_as(tmp_path / "saved.json")
    assert (tmp_path / "saved.json").read_bytes() == source.path.read_bytes()
    assert download.value.suggested_filename == "hostile.json"


def test_without_script_all_of_it_can_be_read(chromium, page_file):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert page.locator(".plot svg").first.is_visible()
    assert page.locator("button").first.is_hidden()
    assert page.get_by_role("link", name="Size ledger").count() == 1
    context.close()


@pytest.mark.parametrize(
    "settings",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": PHONE}],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_nothing_to_complain_of(opened, settings):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(**settings)
    page.evaluate(UNFOLD)
    page.locator(".record").first.evaluate("record => record.open = true")
    page.locator(".record pre").first.wait_for()
    found = axe.run(page).response["violations"]
    assert [(each["id"], each["help"], [node["html"][:200] for node in each["nodes"][:2]]) for each in found] == []


def test_marks_can_be_told_from_their_ground(opened):
    """WCAG 2.2, 1.4.11: graphics have at least 3:1. axe-core looks at text alone."""
    for scheme in ("light", "dark"):
        page = opened(color_scheme=scheme)
        style = "getComputedStyle(document.documentElement).getPropertyValue('--{}').trim()"
        ground = page.evaluate(style.format("ground"))
        for name in [*(f"series-{i}" for i in range(1, 7)), "ink-faint", "ink-soft"]:
            assert contrast(page.evaluate(style.format(name)), ground) >= 3, (scheme, name)


def contrast(one, other):
    """WCAG 2.2's contrast ratio of two colours, as #rrggbb."""

    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


def test_the_file_is_small_enough_to_mail(page_file):
    """The library stays out of it: compressed, the page is not much more than its records."""
    assert len(gzip.compress(page_file.read_bytes())) < 1_000_000
