import pytest

from edgecompress.bench.agreement import disagreement


def differing(measured, name, difference, **change):
    file = measured[0].files[name]
    accuracy = file.accuracy.model_copy(update={"largest_difference": difference})
    return file.model_copy(update={"accuracy": accuracy, **change})


def test_outputs_that_are_far_from_the_hosts_are_told_with_their_cause(measured):
    said = disagreement(differing(measured, "model.tflite", 2.0), 10.0)
    assert said.startswith("wrong by 0.2 of the outputs' spread")
    assert "processors without AVX" in said
    assert "sparse" not in disagreement(differing(measured, "model.onnx", 2.0), 10.0)


@pytest.mark.parametrize(
    ("difference", "spread", "change"),
    [
        (0.05, 10.0, {}),  # float16 arithmetic
        (2.0, None, {}),  # there is no reference
        (None, 10.0, {}),
        (2.0, 10.0, {"kind": "int8"}),
        (2.0, 10.0, {"kind": "dense-int8"}),
        (2.0, 10.0, {"accuracy": None}),
    ],
)
def test_what_is_near_or_cannot_be_told_is_no_failure(measured, difference, spread, change):
    assert disagreement(differing(measured, "model.tflite", difference, **change), spread) is None


def test_rounded_weights_are_let_off_by_twice_what_they_were_proved_with(measured):
    assert disagreement(differing(measured, "model.tflite", 1.9), 10.0, (1e-4, 1e-1)) is None
    assert disagreement(differing(measured, "model.tflite", 2.1), 10.0, (1e-4, 1e-1)) is not None
    assert disagreement(differing(measured, "model.tflite", 0.3), 10.0, (1e-4, 1e-4)) is not None


def test_outputs_that_do_not_move_must_be_the_same(measured):
    assert disagreement(differing(measured, "model.onnx", 0.0), 0.0) is None
    assert "wrong by inf" in disagreement(differing(measured, "model.onnx", 0.1), 0.0)
