"""The plan that all cells of a study share: recipe, data and stages, and how far training is cut."""

from pathlib import Path

from pydantic import Field

from edgecompress.record import Record


class StudyPlan(Record):
    """The plan by which every cell is computed. It travels to workers, on other machines too."""

    study: str
    recipe: str | None = Field(default=None, description="as for build; null: each model's and data's own")
    changes: tuple[str, ...] = Field(default=(), description="to each recipe: stage.key=value")
    epochs_scale: float = Field(default=1.0, gt=0, le=10, description="factor on the epochs of every stage")
    train_samples: int | None = Field(default=None, ge=1, description="of the training split; null: all")
    judge_samples: int | None = Field(
        default=None, ge=1, description="of the validation split and of the test set, each; null: all"
    )
    prove: bool = Field(default=True, description="whether each file is loaded in its runtime, compared, and timed")
    stand_ins: bool = Field(default=False, description="whether patterns stand in for a data set that is not there")
    data_dir: Path | None = None
    cache_dir: Path | None = None
    download: bool = True
    artefacts: str | None = Field(default=None, description="URL where finished stages are kept too; null: nowhere")
