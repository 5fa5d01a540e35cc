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
MODEL = Annotated[
    str,
    typer.Option(
        help="A built-in network: alexnet, ds-cnn, ds-cnn-kws, efficientnet-lite0, mobilenet-v1, mobilenet-v2, "
        "mobilenet-v3-small, resnet18, resnet8, vgg16bn, vgg19bn; or your own: package.module:factory or "
        "net.py:factory, an .onnx file, or a .pt2 file ('edgecompress docs own-models')."
    ),
]
DATA = Annotated[
    str | None,
    typer.Option(
        help="digits, fashion-mnist, cifar-10 or uci-har; or your own: a folder of images by class, an .npz file, or "
        "package.module:loaders; none: nothing is trained. Default: digits, and none for a model of your own.",
        show_default=False,
    ),
]
RECIPE = Annotated[
    str | None,
    typer.Option(
        help="A shipped recipe's name, or a TOML file; A+B is A with B's keys over it. Default: the model's and "
        "data's own.",
        show_default=False,
    ),
]
SET = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a recipe key, as prune.sparsity=0.95; 'edgecompress recipe keys' lists them.",
    ),
]
CHECKPOINT = Annotated[
    Path | None,
    typer.Option(help="Trained weights to compress, instead of training: safetensors, or a PyTorch file of tensors."),
]
LOSS = Annotated[
    str | None,
    typer.Option(help="For your own network: package.module:function of (outputs, targets), what it learns from."),
]
METRIC = Annotated[
    str | None,
    typer.Option(help="For your own network: package.module:function of (outputs, targets), what judges it."),
]
BETTER = Annotated[
    Literal["higher", "lower"] | None,
    typer.Option(help="The direction in which --metric is better. A loss alone is better where it is lower."),
]
RECIPE_ENCODING = Annotated[Mode | None, typer.Option(help=f"{ENCODING} Default: the recipe's.")]
DATA_DIR = Annotated[Path | None, typer.Option(help="Where data sets are. Default: the user's cache folder.")]
CACHE_DIR = Annotated[Path | None, typer.Option(help="Where checkpoints are kept. Default: the user's cache folder.")]
DOWNLOAD = Annotated[bool, typer.Option(help="Download data sets that are not there.")]
EVAL_SAMPLES = Annotated[
    int | None, typer.Option(min=1, help="Put only the first N test samples into the bundle. Default: all.")
]
STORE = Annotated[
    str | None,
    typer.Option(
        metavar="PLACE",
        help="The store of records: a file or postgresql://USER@HOST/NAME; none: no store. Default: "
        "$EDGECOMPRESS_STORE, or a file in the user's data folder.",
    ),
]
FORMATS = "terminal, markdown, csv or html."
FORMAT = Annotated[str, typer.Option("--format", help=f"How to print it: {FORMATS}")]


def values(text: str, kind: Callable[[str], Value]) -> tuple[Value, ...]:
    """The values of an option that takes several, with commas between.

    Raises:
        InputError: one of them is none of that kind.
    """
    try:
        return tuple(kind(word.strip()) for word in text.split(",") if word.strip())
    except ValueError as error:
        raise InputError(f"'{text}' is no list; write values with commas between, as 0.9,0.5") from error
