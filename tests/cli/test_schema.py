from pathlib import Path

SCHEMAS = Path(__file__).parents[2] / "docs" / "schema"


def test_what_is_printed_is_what_is_published(edgecompress):
    for path in SCHEMAS.glob("*.json"):
        assert edgecompress("schema", path.stem).stdout == path.read_text(encoding="utf-8"), path.name


def test_without_a_name_all_are_listed(edgecompress):
    lines = edgecompress("schema").stdout.splitlines()
    assert sorted(line.split()[0] for line in lines) == sorted(path.stem for path in SCHEMAS.glob("*.json"))
    assert "manifest   a bundle: BUNDLE/manifest.json" in lines


def test_a_misspelt_one_is_corrected(refused):
    assert "unknown schema 'recpe'; did you mean 'recipe'? Choose from: recipe, target, " in refused("schema", "recpe")
