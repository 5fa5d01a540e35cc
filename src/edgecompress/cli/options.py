"""Options that several commands have."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer

from edgecompress.errors import InputError

Mode = Literal["fast-load", "smallest"]
Value = TypeVar("Value")

ENCODING = (
    "fast-load: only what is decoded in one pass at load. smallest: entropy codes too, a few per cent fewer bytes."
)

# What build and search are both asked for.
MODEL = Annotated[str, typer.Option(help="alexnet, resnet18, vgg16bn or vgg19bn.")]
DATA = Annotated[str, typer.Option(help="digits, fashion-mnist, cifar-10 or uci-har.")]
CHECKPOINT = Annotated[
    Path | None, typer.Option(help="Trained weights (safetensors) to compress, instead of training.")
]
RECIPE_ENCODING = Annotated[Mode | None, typer.Option(help=f"{ENCODING} Default: the recipe's.")]
DATA_DIR = Annotated[Path | None, typer.Option(help="Where data sets are. Default: the user's cache folder.")]
CACHE_DIR = Annotated[Path | None, typer.Option(help="Where checkpoints are kept. Default: the user's cache folder.")]
DOWNLOAD = Annotated[bool, typer.Option(help="Download data sets that are not there.")]
EVAL_SAMPLES = Annotated[
    int | None, typer.Option(min=1, help="Put only the first N test samples into the bundle. Default: all.")
]


def values(text: str, kind: Callable[[str], Value]) -> tuple[Value, ...]:
    """The values of an option that takes several, with commas between.

    Raises:
        InputError: one of them is none of that kind.
    """
    try:
        return tuple(kind(word.strip()) for word in text.split(",") if word.strip())
    except ValueError as error:
        raise InputError(f"'{text}' is no list; write values with commas between, as 0.9,0.5") from error
