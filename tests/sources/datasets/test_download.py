import hashlib
import http.server
import io
import re
import subprocess
import sys
import tarfile
import threading
import time

import pytest

from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.sources.datasets import _download, cifar_10
from edgecompress.sources.datasets._download import Remote, fetch, obtain

CONTENT = bytes(range(256)) * 4000
MD5 = hashlib.md5(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the server's ``content``, with ranges and cut as its ``ranges`` and ``cuts`` say."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        content = self.server.content
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        if self.path != "/file.bin":
            self.send_error(404)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and self.server.ranges else 0
        if start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", self.server.length or str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        stop = start + self.server.cuts.pop(0) if self.server.cuts else len(content)
        for at in range(start, stop, self.server.piece):
            self.wfile.write(content[at : min(stop, at + self.server.piece)])
            time.sleep(self.server.pause)
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.asked, running.cuts, running.ranges, running.content = [], [], True, CONTENT
        running.length, running.piece, running.pause = None, len(CONTENT), 0
        running.file = Remote(f"http://127.0.0.1:{running.server_port}/file.bin", MD5)
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_a_file_arrives_whole_and_tells_its_progress(server, tmp_path):
    told = []
    fetch(server.file, tmp_path / "new" / "file.bin", progress=lambda *step: told.append(step))
    assert (tmp_path / "new" / "file.bin").read_bytes() == CONTENT
    assert told[-1] == ("download file.bin", 1000, 1000, "KiB")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file.bin"]


def test_a_cut_connection_is_taken_up_where_it_broke(server, tmp_path):
    server.cuts = [300_000, 100_000]
    fetch(server.file, tmp_path / "file.bin", progress=silent)
    assert (tmp_path / "file.bin").read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-", "bytes=400000-"]


def test_what_arrived_before_giving_up_is_kept_for_the_next_run(server, tmp_path):
    server.cuts = [1000, 1000, 1000]
    with pytest.raises(
        InputError, match=r"cannot download .*/file.bin: the connection was cut; try again, or fetch it"
    ):
        fetch(server.file, tmp_path / "file.bin", progress=silent)
    assert not (tmp_path / "file.bin").exists()
    assert (tmp_path / "file.bin.part").read_bytes() == CONTENT[:3000]
    fetch(server.file, tmp_path / "file.bin", progress=silent)
    assert server.asked[-1] == "bytes=3000-"
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_a_server_without_ranges_sends_from_the_beginning(server, tmp_path):
    server.ranges = False
    (tmp_path / "file.bin.part").write_bytes(CONTENT[:5000])
    fetch(server.file, tmp_path / "file.bin", progress=silent)
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("part", [CONTENT, CONTENT + b"more"])
def test_a_part_that_is_whole_or_too_long(server, tmp_path, part):
    (tmp_path / "file.bin.part").write_bytes(part)
    fetch(server.file, tmp_path / "file.bin", progress=silent)
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_another_file_than_the_published_one_never_gets_the_name(server, tmp_path):
    wrong = Remote(server.file.url, "0" * 32)
    for _ in range(2):
        with pytest.raises(InputError, match=rf"is not the official file \(MD5 {MD5}, published 0+\)"):
            fetch(wrong, tmp_path / "file.bin", progress=silent)
        assert not (tmp_path / "file.bin").exists()
    assert server.asked == [None, None], "a wrong part is not built upon"


@pytest.mark.parametrize("length", ["many", "-1", "1e9", "9" * 5000])
def test_a_length_that_is_no_number_of_bytes_is_told(server, tmp_path, length):
    server.length = length
    with pytest.raises(InputError, match="Content-Length that is no number"):
        fetch(server.file, tmp_path / "file.bin", progress=silent)


def test_a_file_without_end_is_not_taken_for_one(server, tmp_path, monkeypatch):
    server.length = str(1 << 40)
    with pytest.raises(InputError, match="more than 1024 MiB"):
        fetch(server.file, tmp_path / "file.bin", progress=silent)
    # The same where the server does not say how much it sends.
    server.length = None
    monkeypatch.setattr(_download, "_MOST_BYTES", len(CONTENT) - 1)
    with pytest.raises(InputError, match="more than 0 MiB"):
        fetch(server.file, tmp_path / "file.bin", progress=silent)


def test_a_server_that_sends_a_byte_now_and_then_is_given_up_and_what_it_sent_is_kept(server, tmp_path, monkeypatch):
    monkeypatch.setattr(_download, "_PACE_SECONDS", 0.2)
    server.piece, server.pause = 10, 0.05
    with pytest.raises(InputError, match=r"only \d+ bytes arrived in 0 s"):
        fetch(server.file, tmp_path / "file.bin", progress=silent)
    assert 0 < (tmp_path / "file.bin.part").stat().st_size < 1000


def test_an_error_of_the_server_is_told_at_once(server, tmp_path):
    gone = Remote(server.file.url.replace("file.bin", "gone.bin"), None)
    with pytest.raises(InputError, match=r"gone.bin: the server answers 404 Not Found; .* put it at .*gone.bin"):
        fetch(gone, tmp_path / "gone.bin", progress=silent)
    assert len(server.asked) == 1


def test_without_a_network_the_line_says_what_to_fetch_and_where_to_put_it(server, tmp_path):
    server.shutdown()
    server.server_close()
    with pytest.raises(
        InputError, match=r"cannot download http://127.0.0.1.*: Connection refused; .*put it at"
    ) as caught:
        fetch(server.file, tmp_path / "file.bin", progress=silent)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_written_is_told(server, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match="cannot write"):
        fetch(server.file, tmp_path / "taken" / "file.bin", progress=silent)


def test_only_what_is_absent_is_fetched(server, tmp_path):
    (tmp_path / "file.bin").write_bytes(b"the user's own")
    obtain("Test", [server.file], tmp_path, download=True, progress=silent)
    assert (tmp_path / "file.bin").read_bytes() == b"the user's own"
    assert server.asked == []


def test_two_processes_that_want_the_same_file_do_not_spoil_it(server, tmp_path):
    code = (
        "import sys, pathlib\n"
        "from edgecompress.sources.datasets._download import Remote, fetch\n"
        "fetch(Remote(*sys.argv[1:3]), pathlib.Path(sys.argv[3]), progress=lambda *step: None)\n"
    )
    arguments = [sys.executable, "-c", code, server.file.url, MD5, str(tmp_path / "file.bin")]
    workers = [subprocess.Popen(arguments) for _ in range(2)]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["file.bin"]
    assert (tmp_path / "file.bin").read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_a_data_set_is_fetched_checked_and_read(server, tmp_path, monkeypatch):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            samples = b"".join(bytes([label]) + bytes([20 * label] * 3072) for label in range(10))
            member.size = len(samples)
            archive.addfile(member, io.BytesIO(samples))
    server.content = buffer.getvalue()
    monkeypatch.setattr(cifar_10, "BINARY", Remote(server.file.url, hashlib.md5(server.content).hexdigest()))
    data = cifar_10.cifar_10(tmp_path, download=True, progress=silent)
    assert data.source.official
    assert data.test_y.tolist() == list(range(10))
    cifar_10.cifar_10(tmp_path, download=False, progress=silent)
    assert len(server.asked) == 1
