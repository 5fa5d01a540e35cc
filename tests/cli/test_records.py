import json
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
OLD = ROOT / "tests" / "golden" / "bench-1.json"
MANIFEST = ROOT / "results" / "alexnet-digits" / "manifest.json"


def test_in_listed_shown_and_out_again(edgecompress, tmp_path):
    done = edgecompress("records", "import", OLD, MANIFEST)
    assert done.returncode == 0, done.stderr
    number = done.stdout.splitlines()[0].split()[0]
    assert f"{number} imported: {OLD}" in done.stdout

    listed = json.loads(edgecompress("records", "list", "--kind", "bench", "--runtime", "litert", "--json").stdout)
    assert [entry["id"][:12] for entry in listed] == [number]
    assert listed[0]["schema_version"] == 1
    assert "manifest" in edgecompress("records", "list").stdout
    assert json.loads(edgecompress("records", "show", number[:6]).stdout) == json.loads(OLD.read_text())

    done = edgecompress("records", "export", number, "-o", "out")
    assert done.stdout.strip() == f"out/bench-{number}.json"
    assert (tmp_path / "out" / f"bench-{number}.json").read_bytes() == OLD.read_bytes()


def test_wrong_inputs(refused, tmp_path):
    assert "there is no store in" in refused("records", "list")
    shutil.copy(OLD, tmp_path / "r.json")
    assert "cannot read absent.json" in refused("records", "import", "r.json", "absent.json")
    assert "switched off" in refused("records", "list", "--store", "none")
    assert "unknown kind 'benches'; did you mean 'bench'" in refused("records", "list", "--kind", "benches")
    assert "two places" in refused("records", "export", "--mlflow", "x", "-o", "y")
    (tmp_path / "text").write_text("no database\n" * 200)
    assert "file is not a database" in refused("records", "list", "--store", "text")


def test_a_database_whose_driver_is_not_installed_names_the_extra(edgecompress, tmp_path):
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "psycopg.py").write_text("raise ModuleNotFoundError(name='psycopg')")
    done = edgecompress(
        "records", "list", "--store", "postgresql://me@/x?host=/nowhere", PYTHONPATH=f"{tmp_path}/blocked:{ROOT}/src"
    )
    assert done.returncode == 2
    assert "pip install 'edgecompress[postgres]'" in done.stderr
