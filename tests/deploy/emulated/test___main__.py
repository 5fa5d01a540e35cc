import subprocess
import sys


def test_a_table_of_counts_and_one_line_of_error(x86_counts, tmp_path):
    command = [sys.executable, "-m", "edgecompress.deploy.emulated"]
    done = subprocess.run(
        [*command, str(tmp_path / "absent.tflite"), "--cpu", "x86-no-avx"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "absent.tflite" in done.stderr
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True)
    assert "cortex-a72" in done.stdout
