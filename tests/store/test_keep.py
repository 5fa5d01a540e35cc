import subprocess
import sys
from pathlib import Path

from edgecompress.store.keep import keep
from edgecompress.store.store import open_store


def test_a_kept_record_is_in_the_store(place, bench_record):
    said = []
    number = keep(bench_record, str(place), file=None, warn=said.append)
    with open_store(str(place)) as store:
        assert store.get(number)[1] == bench_record.to_json()
    assert said == []


def test_none_keeps_nothing_and_says_nothing(bench_record, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    said = []
    assert keep(bench_record, "none", file=None, warn=said.append) is None
    monkeypatch.setenv("EDGECOMPRESS_STORE", "none")
    assert keep(bench_record, None, file=None, warn=said.append) is None
    assert said == []
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_fails_costs_a_warning_that_says_how_to_put_it_in_later(bench_record, tmp_path):
    (tmp_path / "file").write_text("")
    said = []
    where = str(tmp_path / "file" / "store")
    assert keep(bench_record, where, file=Path("r.json"), warn=said.append) is None
    (line,) = said
    assert "not in the store: cannot make a store in" in line
    assert "edgecompress records import r.json" in line


def test_without_sqlalchemy_it_is_a_hint(request):
    code = (
        "import sys\nsys.modules['sqlalchemy'] = None\nfrom pathlib import Path\n"
        "from edgecompress.bench.records import BenchRecord\nfrom edgecompress.store.keep import keep\n"
        "record = BenchRecord.from_file(Path(sys.argv[1]))\n"
        "print(keep(record, 'a.sqlite', file=None, warn=print))"
    )
    golden = request.path.parents[1] / "golden" / "bench-1.json"
    done = subprocess.run([sys.executable, "-c", code, golden], capture_output=True, text=True, check=False)
    hint, kept = done.stdout.splitlines()
    assert "sqlalchemy is not installed (pip install 'edgecompress[bench]')" in hint
    assert kept == "None"
