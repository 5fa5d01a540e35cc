"""The request of a build, a search or a study."""

from dataclasses import dataclass
from pathlib import Path

from edgecompress.compress.record import Better
from edgecompress.encode.partition import Mode
from edgecompress.sources.callables import is_custom
from edgecompress.sources.model import short_name
from edgecompress.sources.read import NO_DATA, is_custom_data


@dataclass(frozen=True, kw_only=True)
class Source:
    """A network and how it is to be compressed: model, data, weights, recipe, and the folders of all these.

    ``None`` takes the default that the command line documents.
    """

    model: str = "alexnet"
    data: str | None = None
    recipe: str | None = None
    changes: tuple[str, ...] = ()
    checkpoint: Path | None = None
    loss: str | None = None
    metric: str | None = None
    better: Better | None = None
    data_dir: Path | None = None
    cache_dir: Path | None = None
    download: bool = True

    @property
    def data_named(self) -> str:
        """The name of the data: digits for a built-in network, none for the user's own, where nothing else is given."""
        return self.data or (NO_DATA if is_custom(self.model) else "digits")

    @property
    def name(self) -> str:
        """A name of model and data, for files and folders."""
        model = short_name(self.model) if is_custom(self.model) else self.model
        data = short_name(self.data_named) if is_custom_data(self.data_named) else self.data_named
        return model if self.data_named == NO_DATA else f"{model}-{data}"


@dataclass(frozen=True, kw_only=True)
class Request(Source):
    """A source and what is to be made of it, for which board.

    ``from_front``: the point, from 1, of the front in the bundle that is there. ``size_budget`` and ``arena_budget``:
    bytes that the file on the board and a microcontroller's tensor arena may take, in place of the board's own limits.
    """

    target: str
    encoding: Mode | None = None
    output: Path | None = None
    eval_samples: int | None = None
    from_front: int | None = None
    size_budget: int | None = None
    arena_budget: int | None = None

    @property
    def all_changes(self) -> tuple[str, ...]:
        """The changes to the recipe, with the encoding, which has an option of its own."""
        return (*self.changes, *([f"export.encoding={self.encoding}"] if self.encoding else []))
