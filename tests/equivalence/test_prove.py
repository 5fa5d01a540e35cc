from pathlib import Path

import numpy as np
import pytest

from edgecompress.equivalence.attempts import Attempt
from edgecompress.equivalence.prove import Files, ProofRun, prove
from edgecompress.equivalence.random_inputs import DOES_NOT_LOAD, DOES_NOT_RUN
from edgecompress.errors import CheckError

FILES = Files(Path("a.tflite"), Path("b.tflite"), "a runtime")
TRIES = [Attempt(shapes={"x": (number,)}) for number in (1, 2, 3)]
ONES = {"y": np.ones(2), "empty": np.ones((0, 2))}
NOT_LOADED, NOT_RUN, KILLED = (ProofRun(code=code, reason="so") for code in (DOES_NOT_LOAD, DOES_NOT_RUN, -6))


def proof(before, after, hint=""):
    asked = []

    def packed(tries):
        asked.append(tries)
        return after

    return prove(FILES, lambda _: before, packed, np.array_equal, tries=TRIES, hint=hint), asked


def test_both_are_run_on_the_attempt_that_the_source_runs_on():
    found, asked = proof(ProofRun({"y": np.ones(2)}, 1), ProofRun({"y": np.ones(2)}))
    assert (found.words, found.inputs, asked) == ("proved", {"x": (2,)}, [TRIES[1:2]])


def test_what_says_nothing_or_changes_is_not_counted():
    found, _ = proof(ProofRun(ONES | {"noise": np.ones(1)}, 0, ["noise"]), ProofRun(ONES | {"noise": np.zeros(1)}))
    assert found.compared == ("y",)
    assert "not, because the output 'empty' is empty" in found.words


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (NOT_LOADED, NOT_LOADED, "because a runtime does not load a.tflite (so)"),
        (KILLED, KILLED, "because a runtime does not get through a.tflite (so)"),
        (NOT_RUN, NOT_RUN, "because a runtime does not run a.tflite on any of 3 random inputs (so); give sizes"),
    ],
)
def test_a_source_that_does_not_run_proves_nothing(before, after, said):
    found, _ = proof(before, after, "; give sizes")
    assert not found.compared and said in found.words


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (ProofRun(ONES), NOT_LOADED, "b.tflite: packed, the model does not load in a runtime (so); keep a.tflite"),
        (NOT_RUN, NOT_LOADED, "does not load in a runtime"),
        (ProofRun(ONES), NOT_RUN, "does not run in a runtime (so)"),
        (ProofRun(ONES), ProofRun(ONES | {"y": np.zeros(2)}), "output 'y' differs from that of a.tflite in a runtime"),
        (ProofRun(ONES), ProofRun({"y": np.ones(2)}), "output 'empty' differs"),
    ],
)
def test_a_packed_file_that_does_less_than_its_source_is_an_error(before, after, said):
    with pytest.raises(CheckError) as caught:
        proof(before, after)
    assert said in str(caught.value)
