from edgecompress import recipe


def test_a_recipe_is_written_once_and_never_over_what_is_there(edgecompress, refused, tmp_path):
    done = edgecompress("init", "--model", "resnet18", "--data", "cifar-10")
    assert done.returncode == 0, done.stderr
    assert "edgecompress build --target BOARD --model resnet18 --data cifar-10 --recipe recipe.toml" in done.stdout
    path = tmp_path / "recipe.toml"
    assert recipe.load(str(path)) == recipe.load("resnet18")
    before = path.read_text()
    assert "recipe.toml is there already and stays as it is" in refused("init")
    assert path.read_text() == before
    assert "name it mine.toml" in refused("init", "-o", "mine")
    assert edgecompress("init", "-o", "new/mine.toml").returncode == 0
    assert (tmp_path / "new" / "mine.toml").read_text() == edgecompress("recipe", "show").stdout
