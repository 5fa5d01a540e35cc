import os
import signal
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from edgecompress import workers

SPAWN = get_context("spawn")


def tell(pipe):
    pipe.send({name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "EDGECOMPRESS_TEST")})


def wait(mark):
    """Begin as a worker, and leave word of an orderly end."""
    workers.begin()
    try:
        os.kill(os.getpid(), signal.SIGINT)
        Path(mark).write_text("begun")
        time.sleep(600)
    except KeyboardInterrupt:
        Path(mark).write_text("cleaned up")


def until(mark, text):
    for _ in range(1200):
        if Path(mark).exists() and Path(mark).read_text() == text:
            return True
        time.sleep(0.05)
    return False


def test_the_environment_is_that_of_what_is_started_and_nothing_else(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("EDGECOMPRESS_TEST", raising=False)
    ours, theirs = SPAWN.Pipe()
    with workers.environment({**workers.threads(3), "EDGECOMPRESS_TEST": "x"}):
        process = SPAWN.Process(target=tell, args=(theirs,))
        process.start()
    theirs.close()
    assert ours.recv() == {"OMP_NUM_THREADS": "3", "EDGECOMPRESS_TEST": "x"}
    process.join()
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "EDGECOMPRESS_TEST" not in os.environ


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_exit_code_is_kept_where_the_signal_came_while_a_string_was_executed(tmp_path, number):
    """As when a dataclass is imported: after a plain KeyboardInterrupt there, `python -m` ends by SIGINT."""
    (tmp_path / "interrupted.py").write_text(
        "import os, sys\n"
        "from edgecompress import workers\n"
        "workers.end_in_order()\n"
        "try:\n"
        f"    exec('os.kill(os.getpid(), {int(number)})\\nwhile True: pass')\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(130)\n"
    )
    # What a runner ignores, its children do too.
    command = ["env", f"--default-signal={number.name[3:]}", sys.executable, "-m", "interrupted"]
    assert subprocess.run(command, check=False, cwd=tmp_path, timeout=60).returncode == 130


@pytest.mark.parametrize("begin", ["end_in_order()", "end_once(signal.SIGTERM)"])
@pytest.mark.parametrize("where", ["__del__", "a weak reference's callback"])
def test_a_signal_that_comes_where_python_drops_exceptions_is_not_lost(tmp_path, where, begin):
    made = "Slow()" if where == "__del__" else "weakref.finalize(Plain(), hurt)"
    (tmp_path / "interrupted.py").write_text(
        "import os, signal, sys, time, weakref\n"
        "from edgecompress import workers\n"
        "def hurt():\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    time.sleep(0.2)\n"
        "class Plain: pass\n"
        "class Slow:\n"
        "    def __del__(self): hurt()\n"
        f"workers.{begin}\n"
        "try:\n"
        f"    {made}\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(130)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "interrupted"], check=False, cwd=tmp_path, timeout=50, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (130, "")


def test_a_worker_leaves_ctrl_c_to_its_parent_and_cleans_up_when_it_is_ended(tmp_path):
    mark = tmp_path / "mark"
    process = SPAWN.Process(target=wait, args=(mark,))
    process.start()
    assert until(mark, "begun")
    process.terminate()
    process.join()
    assert mark.read_text() == "cleaned up"


def test_a_worker_ends_with_its_parent_however_that_ends(tmp_path):
    mark, main = tmp_path / "mark", tmp_path / "main.py"
    main.write_text(
        "from tests.test_workers import SPAWN, wait\n"
        "if __name__ == '__main__':\n"
        f"    process = SPAWN.Process(target=wait, args=({str(mark)!r},))\n"
        "    process.start()\n"
        "    process.join()\n"
    )
    root = Path(__file__).parents[1]
    path = os.pathsep.join([str(root), str(root / "src"), os.environ.get("PYTHONPATH", "")])
    parent = subprocess.Popen([sys.executable, main], env={**os.environ, "PYTHONPATH": path})
    assert until(mark, "begun")
    parent.kill()
    parent.wait()
    assert until(mark, "cleaned up")


def test_cores_are_those_that_this_process_may_run_on():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from edgecompress.workers import cores"
    done = subprocess.run([sys.executable, "-c", f"{code}; print(cores())"], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
