from pathlib import Path

from edgecompress import bundle
from edgecompress.export.memory import Memory
from edgecompress.report import ledger as report
from edgecompress.report.writers.terminal import terminal


def test_the_document_has_the_derived_numbers_and_they_add_up(small_bundle):
    ledger = bundle.load(small_bundle).models["model.onnx"].ledger
    document = report.document(ledger, None)
    assert document["graph_bytes"] + sum(t["bytes"] for t in document["tensors"]) == document["file_bytes"]
    for entry in document["tensors"]:
        assert entry["bits_per_weight"] == 8 * entry["bytes"] / entry["elements"]
        assert entry["bound_ratio"] == entry["bytes"] / entry["entropy_bytes"]
        assert entry["sparsity"] == 1 - entry["nonzero"] / entry["elements"]


def test_piped_the_table_is_not_cut(small_bundle):
    ledger = bundle.load(small_bundle).models["model.onnx"].ledger
    printed = terminal(report.ledger(ledger, "model.onnx", Memory(after_load=2**26, peak=2**27)), Path())
    for entry in ledger.tensors:
        line = next(line for line in printed.splitlines() if line.startswith(entry.name))
        assert f"{entry.bytes:,}" in line
        assert entry.encoding in line
    assert "…" not in printed
    assert "64 MiB after load, 128 MiB at its peak" in printed
    assert "at once" not in printed


def test_memory_of_a_file_with_a_fixed_batch_says_what_it_is_of(small_bundle):
    ledger = bundle.load(small_bundle).models["model.onnx"].ledger
    document = report.ledger(ledger, "model.onnx", Memory(after_load=2**26, peak=2**27, samples=8))
    said = "memory of a process that runs it here on 8 samples at once, Python"
    assert said in terminal(document, Path())
