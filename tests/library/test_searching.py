import pytest

import edgecompress as ec
from edgecompress.errors import CheckError, InputError
from edgecompress.search.records import SearchRecord

QUICK = {
    "width": 0.125,
    "train": {"epochs": 1},
    "prune": {"epochs": 1},
    "retrain": {"epochs": 0},
    "cluster": {"epochs": 0},
    "search": {"steps": 0, "sparsities": [0.9], "bits": [2]},
}


def test_a_search_tells_each_record_and_builds_where_a_board_is_named(tmp_path):
    told = []
    found = ec.search(
        "alexnet",
        "digits",
        max_drop=100,
        trials=2,
        recipe=QUICK,
        target="host",
        output=tmp_path / "found",
        cache=tmp_path / "cache",
        warn=lambda message: None,
        on_record=told.append,
    )
    assert told == found.records == [SearchRecord.from_file(tmp_path / "found" / "search.json")]
    (record,) = told
    folder, manifest = found.built
    assert manifest.models["model.onnx"].bytes == record.candidates[record.chosen].bytes
    assert ec.Bundle.open(folder).manifest == manifest
    with pytest.raises(CheckError, match="nothing was found with a drop of at most 0 points in at most 4,000 bytes"):
        ec.search(
            "alexnet",
            "digits",
            max_drop=0,
            size_budget="4kB",
            trials=1,
            recipe=QUICK,
            output=tmp_path / "none",
            cache=tmp_path / "cache",
            warn=lambda message: None,
        )


def test_what_is_wrong_is_one_line():
    with pytest.raises(InputError, match="'300 kilo' is no size"):
        ec.search("alexnet", size_budget="300 kilo")
    with pytest.raises(InputError, match="unknown device 'attic'"):
        ec.search("alexnet", devices=["attic"])
