"""The files of results/, held: each is read, short, and whole."""

import hashlib
import json
import sys

from edgecompress.record import short_arrays
from edgecompress.study.run import INDEX

from .test_docs import ROOT, generator

FILES = sorted((ROOT / "results").rglob("*.json"))


def test_each_file_is_what_a_page_is_made_from():
    opened, listening = set(), [True]

    def listen(event, arguments):
        if listening and event == "open":
            opened.add(str(arguments[0]))

    sys.addaudithook(listen)
    generator().documents()
    listening.clear()  # a hook stays until the process ends
    # A study's index is read by `report` alone: it has the cells that were left out.
    unread = [str(path.relative_to(ROOT)) for path in FILES if path.name != INDEX and str(path) not in opened]
    assert unread == []


def test_arrays_of_numbers_stand_on_one_line():
    texts = {path: path.read_text(encoding="utf-8") for path in FILES}
    # A manifest's bytes are what its benchmark names it by: it stays as the version of its day wrote it.
    long = [path.name for path, text in texts.items() if path.name != "manifest.json" and short_arrays(text) != text]
    assert long == []


def test_each_benchmark_is_of_the_manifest_beside_it():
    strangers = [
        str(path.relative_to(ROOT))
        for path in FILES
        if path.name == "record.json"
        if json.loads(path.read_bytes())["bundle"]["manifest_sha256"]
        != hashlib.sha256(path.with_name("manifest.json").read_bytes()).hexdigest()
    ]
    assert strangers == []
