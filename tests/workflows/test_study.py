import pytest

from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.study.engines.contract import Workers
from edgecompress.study.grid import Grid
from edgecompress.study.plan import StudyPlan
from edgecompress.study.records import CellRecord, StudyIndex
from edgecompress.workflows import study as studying

BASE = {
    "models": ("alexnet",),
    "data": ("uci-har",),
    "sparsities": (0.9,),
    "methods": ("kmeans",),
    "bits": (4, 2),
    "distill": (False,),
    "seeds": (1,),
}


def study(tmp_path, budget=None, sample=False, plan=None, **axes):
    return studying.study(
        Grid(**(BASE | axes)),
        plan or studying.smoke(StudyPlan(study="paper", cache_dir=tmp_path / "cache")),
        output=str(tmp_path / "records"),
        engine="local",
        workers=Workers(count=1),
        budget_minutes=budget,
        sample=sample,
        progress=silent,
    )


def test_cells_share_their_stages_and_a_second_run_takes_the_records(tmp_path):
    index, records = study(tmp_path)
    assert [entry.state for entry in index.cells] == ["done", "done"]
    assert [CellRecord.from_file(tmp_path / "records" / entry.file) for entry in index.cells] == records
    first, second = (record.outcome.seconds for record in records)
    assert first.keys() == second.keys() == {"train", "control", "prune", "retrain", "cluster", "export"}
    assert [record.outcome.cached for record in records] == [(), ("control", "prune", "retrain", "train")]
    assert second["train"] == first["train"]
    assert records[0].outcome.accuracy.pruned == records[1].outcome.accuracy.pruned
    assert records[0].outcome.sizes["onnx"].compressed > records[1].outcome.sizes["onnx"].compressed
    (tmp_path / "records" / "index.json").unlink()
    again, same = study(tmp_path)
    assert same == records
    assert again.cells == index.cells == StudyIndex.from_file(tmp_path / "records" / "index.json").cells
    assert [entry.state for entry in study(tmp_path, budget=0.0, bits=(4, 3))[0].cells] == ["done", "left out"]


def test_a_folder_holds_several_budgets_and_says_once_what_is_missing(tmp_path):
    short = studying.smoke(StudyPlan(study="paper", cache_dir=tmp_path / "cache"))
    index, records = study(tmp_path, bits=(4,), plan=short)
    longer = short.model_copy(update={"changes": (*short.changes, "train.epochs=200")})
    other, _ = study(tmp_path, bits=(4,), plan=longer)
    assert other.cells[0].cell == index.cells[0].cell
    assert other.cells[0].file != index.cells[0].file
    kept = StudyIndex.from_file(tmp_path / "records" / "index.json")
    assert {entry.file for entry in kept.cells} == {index.cells[0].file, other.cells[0].file}
    # What the other budget has is not missing in the folder, though it is in this one.
    third = short.model_copy(update={"epochs_scale": 2.0, "changes": (*short.changes, "train.epochs=150")})
    left, none = study(tmp_path, budget=0.0, plan=third)
    assert ([entry.state for entry in left.cells], none) == (["left out", "left out"], [])
    kept = StudyIndex.from_file(tmp_path / "records" / "index.json")
    assert sorted((entry.cell.bits, entry.state) for entry in kept.cells) == [
        (2, "left out"), (4, "done"), (4, "done"),
    ]  # fmt: skip
    assert study(tmp_path, bits=(4,), plan=short)[1] == records


@pytest.mark.parametrize(
    ("axes", "says"),
    [
        ({"models": ("alexnett",)}, "unknown model 'alexnett'; did you mean 'alexnet'"),
        ({"data": ("cifar",)}, "unknown data set 'cifar'"),
        ({"methods": ("kmean",)}, "unknown clustering method 'kmean'"),
        ({"sparsities": (90.0,)}, "write 0.9 for 90 %"),
        ({"bits": (9,)}, "9 bits"),
        ({"seeds": ()}, "at least one value of seeds"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_computed(tmp_path, axes, says):
    with pytest.raises(InputError, match=says):
        study(tmp_path, **axes)
    assert not (tmp_path / "records").exists()


def test_the_base_method_is_the_first_of_all():
    names = studying.clustering_methods()
    assert names[0] == "kmeans"
    assert len(names) == len(set(names)) > 5
