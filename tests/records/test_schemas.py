import json
import tomllib
from pathlib import Path

import pytest

from edgecompress.errors import InputError
from edgecompress.records import kinds, schemas

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"
LAID_OVER = {"ethos-u", "rate", "sparse-arm"}  # recipes that are a part of one
FILES = {
    "recipe": sorted(path for path in (ROOT / "recipes").glob("*.toml") if path.stem not in LAID_OVER),
    "target": sorted((ROOT / "targets").glob("*.toml")),
    "manifest": sorted(RESULTS.glob("*/manifest.json")),
    "bench": [RESULTS / "alexnet-digits+rate" / "record.json"],
    "cell": sorted(RESULTS.glob("study*/*-seed1.json")),
    "study": sorted(RESULTS.glob("study*/index.json")),
}


def read(path):
    """The document in a file; a record as this version writes it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        return tomllib.loads(text)
    return json.loads(kinds.kind_of(json.loads(text)).from_json(text, str(path)).to_json())


def test_another_program_finds_real_documents_right_and_a_misspelt_key_wrong():
    validators = pytest.importorskip("jsonschema", reason="pip install jsonschema").validators
    wrong = []
    for name, paths in FILES.items():
        schema = json.loads(schemas.text(name))
        validator = validators.validator_for(schema)(schema)
        validator.check_schema(schema)
        assert paths
        wrong += [f"{path}: {error.message}" for path in paths for error in validator.iter_errors(read(path))]
        (error,) = validator.iter_errors(read(paths[0]) | {"misspelt": 1})
        assert "misspelt" in error.message
    assert wrong == []


def test_an_id_has_the_version_of_the_format_and_is_one_schema_s_alone():
    ids = {name: json.loads(schemas.text(name))["$id"] for name in schemas.DOCUMENTS}
    assert ids["bench"] == f"urn:edgecompress:schema:bench:{read(FILES['bench'][0])['schema_version']}"
    assert (ids["recipe"], ids["target"]) == ("urn:edgecompress:schema:recipe:1", "urn:edgecompress:schema:target:1")
    assert len(set(ids.values())) == len(ids)


def test_a_name_that_is_none_is_one_line():
    with pytest.raises(InputError, match="unknown schema 'manifst'; did you mean 'manifest'"):
        schemas.text("manifst")
