import binascii
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.deploy.serial.lines import DamagedLineError, body, line

BODIES = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="@*"), min_size=1, max_size=80)


def test_a_line_is_as_documented():
    assert line("01 hello") == b"@01 hello*%08x\n" % binascii.crc32(b"01 hello")


@given(BODIES)
def test_what_is_sent_is_what_comes(text):
    assert body(line(text)[:-1]) == text
    assert body(b"I (25) boot: ready" + line(text).rstrip() + b"\r") == text


@given(BODIES, st.data())
def test_no_character_changes_unseen(text, data):
    sent = line(text)[:-1]
    place = data.draw(st.integers(0, len(sent) - 1))
    other = data.draw(st.integers(32, 126).filter(lambda each: each != sent[place]))
    came = sent[:place] + bytes([other]) + sent[place + 1 :]
    with suppress(DamagedLineError):
        assert body(came) is None


def test_what_a_board_prints_is_passed_over():
    assert body(b"ets Jul 29 2019 12:21:46") is None
    with pytest.raises(DamagedLineError):
        body(b"mail me @ home")
