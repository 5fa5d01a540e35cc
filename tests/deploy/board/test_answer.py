import pytest

from edgecompress.deploy.board.answer import Answer, script
from edgecompress.deploy.board.contract import Reply

STREAM = b"Welcome!\nEDGE\nEDGEMARK2\nEDGEMARK\noutput, EDGE and EDGEMAR\nno endEDGEMARK 7\nerrors\nEDGEMARK"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_greeting_output_and_answer_are_parted_however_they_come(size):
    parts = []
    answer = Answer("EDGEMARK", parts.append)
    for start in range(0, len(STREAM), size):
        answer(STREAM[start : start + size])
    assert b"".join(parts) == b"output, EDGE and EDGEMAR\nno end"
    assert answer.reply() == Reply("7", "errors\nEDGEMARK")


def test_output_is_handed_on_when_it_comes():
    parts = []
    answer = Answer("EDGEMARK", parts.append)
    answer(b"EDGEMARK\na line\nED")
    assert parts == [b"a line\n"]
    answer(b"IT\n")
    assert parts == [b"a line\n", b"EDIT\n"]


def test_what_comes_instead_of_a_script_is_kept_up_to_a_limit():
    answer = Answer("EDGEMARK", lambda part: None)
    answer(b"This account is not available.\n")
    assert (answer.began, answer.before, answer.drowned) == (False, "This account is not available.\n", False)
    for _ in range(100):
        answer(b"y\n" * 10_000)
    assert answer.drowned
    assert len(answer.before) < 1_100_000
    answer(b"EDGEMARK\n")
    assert (answer.began, answer.before) == (True, None)


@pytest.mark.parametrize(
    "stream", [b"", b"greeting", b"EDGEMARK\noutput", b"EDGEMARK\noutputEDGEMARK", b"EDGEMARK\nEDGEMARK ready"]
)
def test_what_did_not_come_whole_is_not_told(stream):
    answer = Answer("EDGEMARK", lambda part: None)
    answer(stream)
    assert answer.reply() is None


def test_tokens_differ():
    assert len({script("", [])[0] for _ in range(100)}) == 100
