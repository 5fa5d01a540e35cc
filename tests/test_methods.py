import pytest

from edgecompress import methods
from edgecompress.errors import InputError

CRITERIA = "edgecompress.compress.prune.criteria"


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "some_methods"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "two_words.py").write_text("def two_words(x, *, depth=1): return x * depth\n")
    (folder / "global_.py").write_text("def global_(): return 1\n")
    (folder / "_shared.py").touch()
    (folder / "contract.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    return "some_methods"


def test_a_new_file_is_a_new_choice_and_helpers_are_not(package):
    assert methods.choices(package) == ["global", "two-words"]
    assert methods.find(package, "two-words")(3, depth=2) == 6


def test_a_misspelt_name_gets_the_closest_one_and_all_of_them():
    with pytest.raises(
        InputError, match=r"unknown criteria 'magnitud'; did you mean 'magnitude'\? Choose from: magnitude"
    ):
        methods.find(CRITERIA, "magnitud")


def test_what_is_not_a_method_s_name_is_refused_though_python_could_import_it(package):
    for name in ("contract", "_shared", "os", "../x", ""):
        with pytest.raises(InputError):
            methods.find(package, name)


def test_a_word_of_python_s_own_can_be_a_name(package):
    assert methods.find(package, "global")() == 1
    with pytest.raises(InputError, match="did you mean 'global'"):
        methods.find(package, "global_")


def test_options_are_checked_against_the_function(package):
    function = methods.find(package, "two-words")
    assert methods.keywords(function) == ["depth"]
    assert methods.options(function, {"depth": 3}) == {"depth": 3}
    with pytest.raises(InputError, match="unknown option of two_words 'deep'"):
        methods.options(function, {"deep": 3})
