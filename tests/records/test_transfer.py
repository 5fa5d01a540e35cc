import json
import shutil
from pathlib import Path

import pytest

from edgecompress.errors import InputError
from edgecompress.records.transfer import export_files, import_files
from edgecompress.store.store import open_store

ROOT = Path(__file__).parents[2]
FILES = (ROOT / "tests" / "golden" / "bench-1.json", ROOT / "results" / "alexnet-digits" / "manifest.json")


@pytest.fixture
def store(tmp_path):
    with open_store(str(tmp_path / "store")) as opened:
        yield opened


def test_files_go_in_once_and_come_out_byte_for_byte(store, tmp_path):
    said = []
    made = import_files(store, FILES, warn=said.append)
    assert [each.new for each in made] == [True, True]
    assert [each.new for each in import_files(store, FILES, warn=said.append)] == [False, False]
    written = export_files(store, [store.get(each.id)[0] for each in made], tmp_path / "out")
    assert [path.name.split("-")[0] for path in written] == ["bench", "manifest"]
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in FILES]
    assert said == []


def test_a_folder_is_searched_and_what_is_no_record_there_is_said(store, tmp_path):
    deep = tmp_path / "in" / "deep"
    deep.mkdir(parents=True)
    shutil.copy(FILES[0], deep / "r.json")
    (deep / "other.json").write_text("{}")
    said = []
    assert [each.path for each in import_files(store, [tmp_path / "in"], warn=said.append)] == [deep / "r.json"]
    assert said == [
        f"left out: {deep / 'other.json'} is no record that is kept; those are of manifest, bench, search, cell, micro"
    ]
    (deep / "r.json").unlink()
    with pytest.raises(InputError, match="holds no record"):
        import_files(store, [tmp_path / "in"], warn=said.append)


def test_nothing_goes_in_where_one_file_is_wrong(store, tmp_path):
    document = json.loads(FILES[0].read_text())
    del document["files"]
    (tmp_path / "wrong.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="files: is missing"):
        import_files(store, [FILES[1], tmp_path / "wrong.json"], warn=pytest.fail)
    assert store.find() == []


def test_a_folder_to_write_to_that_is_a_file_is_one_line(store, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="is a file"):
        export_files(store, [], tmp_path / "out")
