import json
import tomllib

import pytest

from edgecompress import recipe, shipped


@pytest.mark.parametrize(
    ("given", "name", "changes"),
    [
        ([], "alexnet-digits", []),
        (
            ["--model", "resnet18", "--data", "uci-har", "--set", "prune.sparsity=0.95"],
            "resnet18-uci-har",
            ["prune.sparsity=0.95"],
        ),
        (["--model", "mobilenet-v2", "--recipe", "sparse-arm"], "mobile-digits+sparse-arm", []),
        (["--model", "nets.py:net", "--set", "distill.weight=0.7"], "any-untrained", ["distill.weight=0.7"]),
        (["--model", "net.onnx", "--data", "folder", "--set", "structure.macs=0.5"], "any", ["structure.macs=0.5"]),
    ],
)
def test_what_is_shown_is_read_back_as_the_recipe_of_that_build(edgecompress, tmp_path, given, name, changes):
    done = edgecompress("recipe", "show", *given)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "r.toml"
    path.write_text(done.stdout)
    assert recipe.complete(str(path), "any") == str(path)
    assert recipe.load(str(path)) == recipe.load(name, changes)
    assert all(len(line) <= 100 for line in done.stdout.splitlines())


def test_every_key_is_shown_under_its_meaning(edgecompress):
    lines = edgecompress("recipe", "show").stdout.splitlines()
    at = lines.index("sparsity = 0.9")
    assert lines[at - 1] == "# fraction of all prunable weights that are zero at the end (a number, 0 to 1)"
    assert "# [structure]" in lines
    assert "# rounds = 3" in lines


def test_the_keys_and_one_of_them(edgecompress, refused):
    every = edgecompress("recipe", "keys")
    assert all(len(line) <= 80 for line in every.stdout.splitlines())
    assert "cluster.bits\n    what shares centroids has at most 2**bits distinct nonzero values\n" in every.stdout
    (key,) = json.loads(edgecompress("recipe", "keys", "prune.sparsity", "--json").stdout)
    assert key["default"] == "needed"
    assert "did you mean 'prune.sparsity'?" in refused("recipe", "keys", "prune.sparsty")


@pytest.mark.parametrize("command", [["recipe", "show"], ["build", "--target", "rpi4"]])
def test_a_wrong_key_or_value_is_said_of_the_change_that_has_it_and_no_path_is_named(refused, command):
    for change, said in (
        ("prune.sparsty=0.5", "--set prune.sparsty=0.5: unknown key 'prune.sparsty'; did you mean 'prune.sparsity'?"),
        ("prune.sparsity=2", "--set prune.sparsity=2: prune.sparsity: must be at most 1 (given 2)"),
    ):
        line = refused(*command, "--set", "seed=3", "--set", change)
        assert line == f"edgecompress: {said}"
        assert str(shipped.folder("recipes").parent) not in line


def test_a_wrong_file_is_named_as_the_user_names_it(refused, tmp_path):
    (tmp_path / "mine.toml").write_text("[prune]\nsparsty = 0.5\n")
    line = refused("recipe", "show", "--recipe", "mine.toml")
    assert line == "edgecompress: recipe mine.toml: unknown key 'prune.sparsty'; did you mean 'prune.sparsity'?"
    assert "did you mean 'alexnet'" in refused("recipe", "show", "--model", "alexnt")


def test_tomllib_reads_what_is_commented_out_as_nothing(edgecompress):
    assert "structure" not in tomllib.loads(edgecompress("recipe", "show").stdout)


def test_a_key_that_names_a_method_lists_those_there_are(edgecompress):
    from edgecompress.cli.recipe import METHODS
    from edgecompress.compress.cluster import centroids
    from edgecompress.compress.prune import masks, plan, scoring
    from edgecompress.compress.structure import scoring as channels

    packages = {channels.CRITERIA, scoring.CRITERIA, masks.SCOPES, plan.SCHEDULES, centroids.ALGORITHMS}
    assert set(METHODS.values()) == packages
    (key,) = json.loads(edgecompress("recipe", "keys", "prune.schedule", "--json").stdout)
    assert key["allowed"] == '"cubic", "iterative" or "one-shot"'
    every = {key["name"] for key in json.loads(edgecompress("recipe", "keys", "--json").stdout)}
    assert METHODS.keys() <= every
