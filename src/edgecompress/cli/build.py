"""``edgecompress build``: from a network and data to a bundle."""

from pathlib import Path
from typing import Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli.options import ENCODING, Mode
from edgecompress.report import summary


def build(
    target: Annotated[str, typer.Option(help="The board: a name of 'edgecompress targets', or a profile's TOML file.")],
    model: Annotated[str, typer.Option(help="alexnet, resnet18, vgg16bn or vgg19bn.")] = "alexnet",
    data: Annotated[str, typer.Option(help="digits, fashion-mnist, cifar-10 or uci-har.")] = "digits",
    recipe: Annotated[
        str | None, typer.Option(help="A shipped recipe's name, or a TOML file. Default: the model's and data's own.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a recipe key, as prune.sparsity=0.95."),
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Trained weights (safetensors) to compress, instead of training.")
    ] = None,
    encoding: Annotated[Mode | None, typer.Option(help=f"{ENCODING} Default: the recipe's.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The bundle's folder. Default: dist/MODEL-DATA-TARGET.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where data sets are. Default: the user's cache folder.")
    ] = None,
    cache_dir: Annotated[
        Path | None, typer.Option(help="Where checkpoints are kept. Default: the user's cache folder.")
    ] = None,
    download: Annotated[bool, typer.Option(help="Download data sets that are not there.")] = True,
    eval_samples: Annotated[
        int | None, typer.Option(min=1, help="Put only the first N test samples into the bundle. Default: all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
) -> None:
    """Train, prune, retrain, cluster, export, prove: write a bundle of model files for a board."""
    with console.long_work("the same command goes on from the last finished epoch") as progress:
        from edgecompress import pipeline
        from edgecompress.request import Request

        request = Request(
            target=target,
            model=model,
            data=data,
            recipe=recipe,
            changes=tuple(set_ or ()),
            checkpoint=checkpoint,
            encoding=encoding,
            output=output,
            data_dir=data_dir,
            cache_dir=cache_dir,
            download=download,
            eval_samples=eval_samples,
        )
        folder, manifest = pipeline.build(request, progress=progress, warn=console.warn)
    typer.echo(manifest.to_json().rstrip() if as_json else summary.summary(manifest, folder))
