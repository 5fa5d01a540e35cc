import pytest

from edgecompress.estimate.choice import better_than, choose
from edgecompress.estimate.records import LeadCandidate

RUNTIMES = ("onnxruntime", "litert")


def candidate(instructions=None, ratio=None, drop=0.0, *, runtime="litert", size=100, **more):
    return LeadCandidate(runtime=runtime, bytes=size, instructions=instructions, ratio=ratio, drop=drop, **more)


def lead(limit=1.0, note="", **candidates):
    return choose(candidates, limit=limit, runtimes=RUNTIMES, processor="cortex-a76", note=note)


def test_the_fewest_counted_instructions_within_the_limit_lead():
    found = lead(
        dense=candidate(1000, 1.0),
        sparse=candidate(380, 0.38, 1.0),
        int8=candidate(300, 0.3, 1.4),
        half=candidate(200, 0.2, None, left_out="not known"),
        onnx=candidate(600, 0.3, 0.1, runtime="onnxruntime"),
    )
    assert (found.file, found.basis, found.processor, found.limit) == ("sparse", "instructions", "cortex-a76", 1.0)
    assert "estimated from counted instructions on an emulated cortex-a76" in found.why
    assert "0.38 of the dense file's" in found.why
    assert "1.00 points below" in found.why
    assert found.candidates["half"].left_out == "not known"


def test_of_files_that_are_as_good_the_smallest_leads():
    found = lead(dense=candidate(1000), model=candidate(1005, size=10))
    assert found.file == "model"
    assert "as few instructions as any other to 1 %, and is the smallest such" in found.why
    assert lead(dense=candidate(1000), model=candidate(1020, size=10)).file == "dense"


def test_where_nothing_was_counted_the_rule_decides_and_says_so():
    found = lead(
        note="no emulator",
        dense=candidate(None, 1.0),
        int8=candidate(None, 0.4, 0.2),
        onnx=candidate(None, 0.35, 0.2, runtime="onnxruntime"),
    )
    assert (found.file, found.basis, found.processor, found.note) == ("int8", "rule", None, "no emulator")
    assert "a rule, not counted" in found.why


def test_of_an_unknown_processor_the_boards_order_of_runtimes_decides():
    found = lead(
        tflite=candidate(size=1), dense=candidate(runtime="onnxruntime"), onnx=candidate(runtime="onnxruntime", size=9)
    )
    assert (found.file, found.basis) == ("onnx", "rule")
    assert "nothing is known of its processor" in found.why


def test_without_classes_accuracy_is_not_known_and_holds_no_file_back():
    found = lead(dense=candidate(1000, 1.0, None), model=candidate(400, 0.4, None))
    assert found.file == "model"
    assert found.why.endswith("accuracy is not known")


def test_one_file_that_was_not_counted_leaves_all_to_the_rule():
    found = lead(dense=candidate(1000, 1.0), int8=candidate(None, 0.4))
    assert (found.file, found.basis) == ("int8", "rule")


@pytest.mark.parametrize("counted", [True, False])
def test_a_file_that_gains_accuracy_is_within_any_limit(counted):
    found = lead(
        0.0, dense=candidate(1000 if counted else None, 1.0), better=candidate(500 if counted else None, 0.5, -2)
    )
    assert found.file == "better"
    assert "2.00 points above" in found.why


def test_what_leads_before_a_file_of_so_many_instructions():
    files = {"lossy": candidate(300, drop=1.5), "unknown": candidate(300, left_out="why"), "int8": candidate(500)}
    assert better_than(506, files, 1.0) == "int8"
    assert better_than(505, files, 1.0) is None  # as good to 1 %: the smaller of them leads
    assert better_than(None, files, 1.0) is None
    assert better_than(506, files, 2.0) == "lossy"
