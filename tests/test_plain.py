import json
import unicodedata
from xml.etree import ElementTree

import pytest

from edgecompress.plain import one_line, plain, plain_json

HOSTILE = "a\x1b[31mb\x07\x9b2Jc\u202ed\u2028e\r\x7f\ud800f\n\tg"


@pytest.mark.parametrize("text", ["conv1.weight", "Größe 3 µs", "重み", "a\tb\nc", "👩\u200d🔬", "\u00a0", ""])
def test_text_stays_as_it_is(text):
    assert plain(text) == text


def test_what_a_terminal_obeys_is_shown_as_an_escape():
    assert plain("\x1b[2J\x07\x9b31m\r") == r"\x1b[2J\x07\x9b31m\r"
    assert plain("invoice\u202efdp.exe") == r"invoice\u202efdp.exe"


def test_nothing_is_left_that_is_a_control_character_or_that_xml_cannot_hold():
    every = "".join(map(chr, range(0x10000)))
    shown = plain(every)
    assert {each for each in shown if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp")} == {"\t", "\n"}
    ElementTree.fromstring(f"<text>{shown.replace('&', '').replace('<', '')}</text>")
    shown.encode()


def test_one_line_is_one():
    line = one_line(HOSTILE)
    assert "\n" not in line and "\x1b" not in line and line.startswith(r"a\x1b[31mb") and line.endswith("f g")


def test_a_json_document_says_the_same():
    text = json.dumps({"x": "a\x9b\u202e", "y": "\x1b"}, ensure_ascii=False)
    assert plain(plain_json(text)) == plain_json(text)
    assert json.loads(plain_json(text)) == {"x": "a\x9b\u202e", "y": "\x1b"}
