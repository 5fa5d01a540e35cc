import json
import os

import pytest

from edgecompress.errors import InputError
from edgecompress.report.found import find, read

from . import documents


def test_a_folder_is_looked_through(found):
    kinds = sorted(source.kind for source in found.sources)
    assert kinds == ["benchmark"] * 4 + ["bundle", "search", "study"] + ["study cell"] * 3


def test_a_benchmark_is_matched_with_the_bundle_that_it_measured(found):
    by_name = {bench.source.path.stem: bench for bench in found.benches}
    assert by_name["record"].bundle.source.path.name == "manifest.json"
    assert by_name["record"].label == "alexnet, Digits"
    assert by_name["hostile"].bundle is None


def test_a_machine_that_is_not_the_board_is_called_that(found):
    by_name = {bench.source.path.stem: bench.machine for bench in found.benches}
    assert by_name["sustained"] == "Raspberry Pi 4 Model B Rev 1.4"
    assert by_name["record"] == "Intel(R) Xeon(R) Processor (not the bundle's board)"


def test_bundles_of_one_network_and_data_set_have_labels_of_their_own(tmp_path):
    other = documents.manifest() | {"created": "2026-01-01T00:00:00+00:00"}
    third = documents.manifest() | {"created": "2026-01-02T00:00:00+00:00"}
    documents.write(tmp_path / "a", manifest=documents.manifest())
    documents.write(tmp_path / "b", manifest=other, again=third)
    assert [bundle.label for bundle in find([tmp_path]).bundles] == [
        "alexnet, Digits (a)",
        f"alexnet, Digits ({tmp_path / 'b' / 'again.json'})",
        f"alexnet, Digits ({tmp_path / 'b' / 'manifest.json'})",
    ]


def test_other_files_of_a_folder_are_passed_over_and_named(tmp_path):
    documents.write(tmp_path, record=documents.bench(), other={"a": 1}, list=[1, 2])
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "notes.txt").write_text("no record either, and nobody would think so")
    found = find([tmp_path])
    assert [source.path.name for source in found.sources] == ["record.json"]
    (note,) = found.notes
    assert note.startswith("passed over, no records: ")
    assert {"broken.json", "list.json", "other.json"} == {
        name.split("/")[-1] for name in note.split(": ")[1].split(", ")
    }


def test_hidden_folders_are_left_alone(tmp_path):
    documents.write(tmp_path, record=documents.bench())
    documents.write(tmp_path / ".half-written", record=documents.emulated())
    assert len(find([tmp_path]).sources) == 1


def test_a_copy_is_shown_once_and_said(tmp_path):
    documents.write(tmp_path / "a", record=documents.bench())
    documents.write(tmp_path / "b", record=documents.bench())
    found = find([tmp_path])
    assert len(found.sources) == 1
    assert "is a copy of" in found.notes[0]


def test_the_same_file_twice_is_no_copy(tmp_path):
    documents.write(tmp_path, record=documents.bench())
    found = find([tmp_path, tmp_path / "record.json"])
    assert (len(found.sources), found.notes) == (1, ())


@pytest.mark.parametrize(
    ("make", "change"),
    [
        (documents.manifest, {"tool_version": "9"}),
        (documents.bench, {"seconds": 1.5}),
        (documents.search, {"trials": []}),
        (documents.cell, {"attempts": 2}),
        (documents.index, {"budget_minutes": 31}),
    ],
    ids=["bundle", "benchmark", "search", "study cell", "study"],
)
def test_two_different_records_of_one_run_are_refused(tmp_path, make, change):
    documents.write(tmp_path, a=make(), b=make() | change)
    with pytest.raises(InputError, match=r"a\.json and .*b\.json are two records of one .* and differ"):
        find([tmp_path])


def test_a_file_that_was_named_must_be_a_record(tmp_path):
    documents.write(tmp_path, other={"a": 1})
    with pytest.raises(InputError, match=r"other\.json is no record"):
        find([tmp_path / "other.json"])


def test_a_newer_schema_is_told_from_a_damaged_record(tmp_path):
    documents.write(tmp_path, newer=documents.bench() | {"schema_version": 7, "what_comes": 1})
    with pytest.raises(InputError, match=r"newer\.json: schema_version 7 of a bench record is newer than the 2"):
        find([tmp_path])


@pytest.mark.parametrize("make", [documents.manifest, documents.bench, documents.search, documents.cell])
def test_a_damaged_record_is_named_with_what_is_wrong(tmp_path, make):
    documents.write(tmp_path, damaged=make() | {"tool_version": 5})
    with pytest.raises(InputError, match=r"damaged\.json: tool_version: "):
        find([tmp_path])


def test_of_several_records_a_damaged_one_costs_a_note(tmp_path):
    documents.write(tmp_path, sound=documents.manifest(), newer=documents.bench() | {"schema_version": 7})
    documents.write(tmp_path, damaged=documents.cell() | {"tool_version": 5})
    documents.write(tmp_path, odd=documents.search() | {"max_drop": float("nan")})
    os.mkfifo(tmp_path / "pipe.json")
    found = find([tmp_path, tmp_path / "damaged.json"])
    assert [source.path.name for source in found.sources] == ["sound.json"]
    assert sorted(note.split(": ")[1].split("/")[-1] for note in found.notes if note.startswith("left out: ")) == [
        "damaged.json",
        "damaged.json",
        "newer.json",
        "odd.json",
        "pipe.json",
    ]


def test_a_misspelt_key_is_no_other_file(tmp_path):
    documents.write(tmp_path, record=documents.bench() | {"thread": 3})
    with pytest.raises(InputError, match="unknown key 'thread'"):
        read(tmp_path / "record.json")


def test_nothing_found_and_nothing_there(tmp_path):
    with pytest.raises(InputError, match="no records in"):
        find([tmp_path])
    with pytest.raises(InputError, match="is not there"):
        find([tmp_path / "absent"])


def test_deeply_nested_json_is_no_record(tmp_path):
    (tmp_path / "deep.json").write_text("[" * 200_000)
    assert read(tmp_path / "deep.json") is None


def test_the_id_is_of_the_content_and_the_path_is_seen_from_the_report(tmp_path):
    documents.write(tmp_path / "a b", record=documents.bench())
    (source,) = find([tmp_path]).sources
    assert json.loads(source.content) == documents.bench()
    assert source.id == f"record-{source.sha256[:12]}"
    assert source.path_from(tmp_path / "out" / "deep") == "../../a b/record.json"
