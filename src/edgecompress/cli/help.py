"""Help that fits 80 columns: options in groups, an example under each command, nothing cut off and no word broken."""

import re
import textwrap
from collections.abc import Iterable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from edgecompress.cli import console

WIDTH, COLUMN = 80, 26
EXAMPLE = "Example:"
GROUPS = {
    "Model and data": {
        *("target", "model", "data", "checkpoint", "width", "eval_samples", "models", "shape"),
    },
    "Recipe": {
        *("recipe", "set_", "encoding", "max_drop", "from_front", "size_budget", "trials", "macs", "sparsity"),
        *("methods", "bits", "distill", "seeds", "epochs_scale", "train_samples", "any_gain"),
    },
    "Places": {
        *("device", "address", "key", "folder", "python", "data_dir", "cache_dir", "download", "store", "storage"),
        *("artefacts", "mlflow", "experiment", "portable"),
    },
    "Output": {"output", "as_json", "format_", "force", "replace"},
}
"""Where an option stands in the help of a command, by its parameter; all others stand before them."""
OTHERS = "Options"
_TYPES = {"<str>": "TEXT", "<path>": "PATH", "<int>": "N", "<int range>": "N", "<float>": "NUMBER"}
_TYPES |= {"<float range>": "NUMBER", "<list[str]>": "TEXT", "<list[Path]>": "PATH", "<list[path]>": "PATH"}


class Command(TyperCommand):
    """A command whose help is laid out here."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The arguments, as the list of them writes them."""
        return [piece.upper() for piece in super().collect_usage_pieces(ctx)]

    def format_help_text(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as its base has it
        """Write the command's help, and the example that its docstring ends with."""
        _text(self.help or "", formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The arguments, then the options by group."""
        _parameters(self, ctx, formatter)


class CommandGroup(TyperGroup):
    """A group of commands whose help is laid out here."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words after its name; without any its help is what is wanted, and no work was asked for."""
        if not args and not ctx.resilient_parsing:
            console.say(ctx.get_help())
            raise typer.Exit(2)
        return super().parse_args(ctx, args)

    def format_help_text(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as its base has it
        """Write the help of the group."""
        _text(self.help or "", formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Its options, then its commands with their whole first paragraph."""
        _parameters(self, ctx, formatter)
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        _section("Commands", [(name, _paragraphs(each.help)[0]) for name, each in commands if each], formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as its base has it
        """Write the epilog of the group."""
        if self.epilog:
            formatter.write(f"\n{_wrapped(self.epilog, '')}\n")


def group(text: str) -> typer.Typer:
    """A group of commands, whose help says ``text`` of it."""
    return typer.Typer(cls=CommandGroup, help=text, rich_markup_mode=None)


def _text(text: str, formatter: Any) -> None:
    for paragraph in _paragraphs(text):
        # An example is to be copied: its line stays one.
        is_example = paragraph.startswith(EXAMPLE)
        formatter.write(f"\n{'  ' + paragraph if is_example else _wrapped(paragraph, '  ')}\n")


def _paragraphs(text: str | None) -> list[str]:
    return [" ".join(each.split()) for each in (text or "").split("\n\n")]


def _parameters(command: Any, ctx: Any, formatter: Any) -> None:
    """A section of arguments, and one of each group of options."""
    groups: dict[str, list[tuple[str, str]]] = {name: [] for name in ("Arguments", OTHERS, *GROUPS)}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is None:
            continue
        named = next((name for name, names in GROUPS.items() if parameter.name in names), OTHERS)
        is_argument = parameter.param_type_name == "argument"
        row = _named(parameter, record[0], is_argument), _in_words(record[1])
        groups["Arguments" if is_argument else named].append(row)
    for name, rows in groups.items():
        _section(name, rows, formatter)


def _named(parameter: Any, name: str, is_argument: bool) -> str:
    """The form of a parameter, with a word for what it takes in place of the type's name in Python."""
    if is_argument:
        return str(parameter.metavar or parameter.name.upper())
    for written, word in _TYPES.items():
        name = name.replace(written, word)
    return name


def _in_words(text: str) -> str:
    """A limit as words: at least 1, and not x>=1."""
    text = re.sub(r"\b([\d.]+)<=x<=([\d.]+)", r"\1 to \2", text)
    return re.sub(r"\bx>=([\d.]+)", r"at least \1", text)


def _section(name: str, rows: Iterable[tuple[str, str]], formatter: Any) -> None:
    rows = list(rows)
    if not rows:
        return
    formatter.write(f"\n{name}:\n")
    for first, second in rows:
        text = _wrapped(second, " " * (COLUMN + 4))
        fits = len(first) <= COLUMN
        formatter.write(f"  {first:{COLUMN}}  {text.lstrip()}\n" if fits else f"  {first}\n{text}\n")


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
