import pytest

import edgecompress as ec
from edgecompress.errors import InputError
from edgecompress.study.records import CellRecord

CELL = {"sparsities": [0.9], "methods": ["kmeans"], "bits": [4], "distill": [False], "seeds": [1]}


def test_a_study_writes_the_records_that_it_returns(tmp_path):
    index, records = ec.study(
        ["alexnet"], ["uci-har"], **CELL, smoke=True, output=str(tmp_path / "records"), cache=tmp_path, workers=1
    )
    (entry,) = index.cells
    assert entry.state == "done"
    assert records == [CellRecord.from_file(tmp_path / "records" / entry.file)]


def test_what_is_wrong_is_one_line(tmp_path):
    with pytest.raises(InputError, match="an epochs scale of 0 trains nothing"):
        ec.study(epochs_scale=0)
    with pytest.raises(InputError, match="unknown model 'alexnett'; did you mean 'alexnet'"):
        ec.study(["alexnett"], output=str(tmp_path))
