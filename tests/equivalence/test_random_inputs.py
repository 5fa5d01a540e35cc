import json

import numpy as np
import pytest

from edgecompress.equivalence.random_inputs import DOES_NOT_RUN, numbers, says_something, write_outputs

TRY = {"shapes": {}, "low": 0, "high": 2, "positive": False}


@pytest.fixture
def ran(tmp_path):
    """The code, the outputs and what was said of a model that is a function of an attempt."""

    def run(model, tries, *, again=False):
        (tmp_path / "tries.json").write_text(json.dumps(tries))
        code = write_outputs(model, str(tmp_path / "tries.json"), str(tmp_path), again=again)
        if code:
            return code, None, None
        return code, dict(np.load(tmp_path / "outputs.npz")), json.loads((tmp_path / "report.json").read_text())

    return run


def test_the_first_attempt_that_says_something_is_taken(ran, capsys):
    def model(attempt):
        if attempt["high"] == 2:
            raise ValueError("an index\nis out of range")
        return {"y": np.full(3, np.nan if attempt["high"] == 3 else attempt["high"])}

    code, outputs, said = ran(model, [TRY | {"high": high} for high in (2, 3, 4, 5)])
    assert (code, outputs["y"].tolist(), said) == (0, [4, 4, 4], {"attempt": 2, "changing": []})
    assert ran(model, [TRY]) == (DOES_NOT_RUN, None, None)
    assert capsys.readouterr().err == "an index is out of range\n"


def test_outputs_that_change_from_run_to_run_are_named(ran):
    state = np.random.default_rng(0)
    said = ran(lambda _: {"same": np.ones(2), "noise": state.random(2)}, [TRY], again=True)[2]
    assert said["changing"] == ["noise"]


def test_a_model_without_attempts_is_run_on_what_it_states(ran):
    assert ran(lambda attempt: {"y": np.array(attempt["high"])}, [])[1]["y"] == 2


def test_numbers_are_the_same_for_a_seed_and_in_the_range_of_the_attempt():
    for kind in ("float16", "int64", "uint8", "bool"):
        first, second = (numbers(np.dtype(kind), (40,), TRY, 1) for _ in range(2))
        assert first.dtype == kind and first.tobytes() == second.tobytes()
    assert set(numbers(np.dtype("int32"), (40,), TRY | {"low": 5, "high": 7}, 0)) == {5, 6}
    assert numbers(np.dtype("uint8"), (400,), TRY, 0).max() > 200
    assert numbers(np.dtype("float32"), (40,), TRY | {"positive": True}, 0).min() >= 0
    assert (
        not says_something(np.zeros((0, 3))) and not says_something(np.full(2, np.nan)) and says_something(np.zeros(1))
    )
