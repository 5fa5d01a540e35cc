import pytest
from pydantic import ValidationError

from edgecompress.recipe import Recipe
from edgecompress.wording import first_error, place

LEAST = {
    "train": {"epochs": 1, "learning_rate": 0.1},
    "prune": {"epochs": 1, "learning_rate": 0.1, "sparsity": 0.9},
    "retrain": {"epochs": 1, "learning_rate": 0.1},
    "cluster": {"epochs": 1, "bits": 5},
}


def said(**changed):
    with pytest.raises(ValidationError) as caught:
        Recipe.model_validate({**LEAST, **changed})
    return first_error(caught.value, Recipe)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"seed": -1}, "seed: must be at least 0 (given -1)"),
        ({"width": 5}, "width: must be at most 4 (given 5)"),
        ({"width": 0}, "width: must be above 0 (given 0)"),
        ({"seed": 2**32}, "seed: must be below 4294967296 (given 4294967296)"),
        ({"seed": 1.5}, "seed: must be a whole number (given 1.5)"),
        ({"seed": "many"}, "seed: must be a whole number (given 'many')"),
        ({"width": "wide"}, "width: must be a number (given 'wide')"),
        ({"width": float("inf")}, "width: must be a finite number (given inf)"),
        ({"export": {"count": "perhaps"}}, "export.count: must be true or false (given 'perhaps')"),
        ({"export": {"int8": "maybe"}}, "export.int8: must be 'auto', or true or false (given 'maybe')"),
        ({"export": {"int8_of": []}}, "export.int8_of: must be a list of at least 1 (given [])"),
        ({"export": {"int8_of": 3}}, "export.int8_of: must be a list, as [1, 2] (given 3)"),
        ({"prune": 3}, "prune: must be a table of keys (given 3)"),
        ({"train": {"epochs": 1}}, "train.learning_rate: is missing, and must be there"),
        (
            {"export": {"encoding": "fastload"}},
            "export.encoding: must be 'fast-load' or 'smallest'; did you mean 'fast-load'? (given 'fastload')",
        ),
        ({"inputs": {"shapes": [1]}}, "inputs.shapes.0: must be text (given 1)"),
        ({"inputs": {"range": [1, 0]}}, "inputs: the first number of range must be below the second (given {'range'"),
    ],
)
def test_a_wrong_value_is_said_without_pydantic_s_words(changed, line):
    assert said(**changed).startswith(line)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"prun": {}}, "unknown key 'prun'; did you mean 'prune'?"),
        ({"export": {"encodng": "smallest"}}, "unknown key 'export.encodng'; did you mean 'export.encoding'?"),
        ({"sparsity": 0.9}, "unknown key 'sparsity'; did you mean 'prune.sparsity'?"),
        (
            {"cluster": {**LEAST["cluster"], "sparsity": 1}},
            "unknown key 'cluster.sparsity'; did you mean 'prune.sparsity'?",
        ),
        ({"layers": {"a.b": {"bts": 1}}}, "unknown key 'layers.a.b.bts'; did you mean 'layers.a.b.bits'?"),
        ({"distill": {"zzz": 1}}, "unknown key 'distill.zzz'; remove it, or take one that is there: stages, temp"),
    ],
)
def test_an_unknown_key_names_the_one_that_was_meant(changed, line):
    assert said(**changed).startswith(line)


def test_a_place_leaves_out_what_pydantic_calls_the_choices():
    assert place(("export", "int8", "literal['auto']")) == place(("export", "int8", "bool")) == "export.int8"
    assert place(()) == "document"
