import re
import shlex

import pytest
from typer.main import get_command

from edgecompress.cli import app, help

ROOT = get_command(app)


def every(command=ROOT, words=()):
    """The words and the object of every command and every group."""
    yield words, command
    for name, sub in getattr(command, "commands", {}).items():
        yield from every(sub, (*words, name))


COMMANDS = dict(every())


def text_of(words, monkeypatch, columns="80"):
    monkeypatch.setenv("COLUMNS", columns)
    path = ["edgecompress", *words]
    context = None
    for i, name in enumerate(path):
        context = COMMANDS[tuple(path[1 : i + 1])].context_class(
            COMMANDS[tuple(path[1 : i + 1])], info_name=name, parent=context
        )
    return COMMANDS[words].get_help(context)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_fits_80_columns_and_nothing_is_cut_off(words, monkeypatch):
    text = text_of(words, monkeypatch)
    assert "…" not in text
    assert not re.search(r"\w\.\.\.$", text, re.MULTILINE), "a word is cut off"
    assert max(map(len, text.splitlines())) <= 80
    assert isinstance(COMMANDS[words], help.Command | help.CommandGroup)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_stands_whole_at_the_beginning_of_a_line_with_what_it_takes(words, monkeypatch):
    lines = text_of(words, monkeypatch).splitlines()
    for parameter in COMMANDS[words].params:
        if parameter.param_type_name == "option":
            name = next(each for each in parameter.opts if each.startswith("--"))
            takes = f" {re.escape(parameter.metavar)}" if parameter.metavar else ""
            wanted = rf"  (-\w, )?{name}(, --[\w-]+)*{takes}( |$)"
            assert sum(bool(re.match(wanted, line)) for line in lines) == 1, wanted
            assert parameter.help, parameter.name


@pytest.mark.parametrize("words", [words for words, each in COMMANDS.items() if isinstance(each, help.Command)])
def test_every_command_has_an_example_that_its_parser_takes(words, monkeypatch):
    (line,) = [line for line in text_of(words, monkeypatch).splitlines() if help.EXAMPLE in line]
    program, *given = shlex.split(line.split(help.EXAMPLE)[1])
    assert program == "edgecompress"
    assert tuple(given[: len(words)]) == words
    given = given[len(words) :]
    COMMANDS[words].make_context(words[-1], given[: given.index(">")] if ">" in given else given)


def test_options_stand_in_groups(monkeypatch):
    text = text_of(("build",), monkeypatch)
    headings = re.findall(r"^(\w.*):$", text, re.MULTILINE)
    assert headings == ["Options", "Model and data", "Recipe", "Places", "Output"]
    assert text.index("Recipe:") < text.index("--set KEY=VALUE") < text.index("Places:") < text.index("--store PLACE")


def test_every_name_in_a_group_is_an_option_somewhere():
    there = {parameter.name for each in COMMANDS.values() for parameter in each.params}
    for names in help.GROUPS.values():
        assert names <= there


def test_without_a_command_the_help_is_shown_and_a_wrong_option_names_the_right_one(edgecompress, refused):
    for words in ([], ["devices"]):
        done = edgecompress(*words)
        assert (done.returncode, done.stderr) == (2, "")
        assert done.stdout.startswith("Usage: edgecompress")
        assert "Commands:" in done.stdout
    assert refused("build", "--modle", "x").endswith(
        "No such option: --modle (Possible options: --model) (see 'edgecompress build --help')"
    )
    assert "'build'" in refused("biuld")
    assert "at least 1" in edgecompress("bench", "--help").stdout
