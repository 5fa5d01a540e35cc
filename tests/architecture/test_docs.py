"""The documentation, held: what is generated is up to date, every option is documented, links lead somewhere."""

import importlib.util
import re
import runpy
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def generator():
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "tools" / "generate_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_generated_is_up_to_date():
    for path, text in generator().documents().items():
        assert path.is_file(), f"{path.name} is missing: run 'make docs'"
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is not up to date: run 'make docs'"


def test_links_lead_somewhere():
    astray = [
        f"{page.name} links to {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert astray == []


def test_every_page_of_docs_is_linked_from_the_index_and_that_from_a_short_readme():
    readme, index = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/index.md"))
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"]({page.name})" in index
    assert "(docs/index.md)" in readme
    assert len(readme.split()) < 900


def test_the_example_of_the_extending_page_runs():
    import torch

    text = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    scope: dict = {}
    exec(compile(code, "extending.md", "exec"), scope)
    assert scope["energy"](torch.tensor([[1.0, -2.0]])).tolist() == [[0.4000000059604645, 1.600000023841858]]


def test_the_examples_of_the_python_page_run(tmp_path, monkeypatch, capsys):
    text = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    # tests/library/test_trainers.py runs those for other packages.
    code = "\n".join(each for each in blocks if not each.startswith(("import lightning", "import transformers")))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.py").write_text(code, encoding="utf-8")
    runpy.run_path("page.py")
    before, after = re.search(r"([\d,]+) -> ([\d,]+) bytes, outputs compared: \w+", capsys.readouterr().out).groups()
    assert int(after.replace(",", "")) < 0.3 * int(before.replace(",", ""))


def test_make_targets_that_the_readme_names_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    absent = [
        f"{page.name} names 'make {target}'"
        for page in PAGES
        for target in re.findall(r"(?:^|`)make ([a-z0-9-]+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        if f"\n{target}:" not in makefile
    ]
    assert absent == []


def test_constraints_pin_every_direct_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = {
        re.split(r"[=<>]", line)[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    }
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["bench"], *extras["train"], *extras["dev"]]
    names = {re.split(r"[\[<>=;! ]", each)[0] for each in wanted} - {"edgecompress"}
    assert names <= pinned
