import numpy as np
import onnxruntime
import pytest
from ai_edge_litert.interpreter import Interpreter

from edgecompress.formats.onnx.network import write_onnx
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.testing import check_format


def in_onnxruntime(path, x):
    return onnxruntime.InferenceSession(str(path)).run(None, {"x": x})[0]


def in_litert(path, x):
    runner = Interpreter(str(path)).get_signature_runner()
    return np.concatenate([next(iter(runner(x=row[None]).values())) for row in x])


@pytest.mark.parametrize(
    ("write", "suffix", "run"), [(write_onnx, ".onnx", in_onnxruntime), (write_tflite, ".tflite", in_litert)]
)
def test_the_formats_keep_their_contract(write, suffix, run, tmp_path):
    check_format(write, suffix, tmp_path, run)


def dense_only(model, path, *, compress, encoding="smallest"):
    return write_onnx(model, path, compress=False)


def miscounting(model, path, *, compress, encoding="smallest"):
    return write_onnx(model, path, compress=compress, encoding=encoding).model_copy(update={"file_bytes": 1})


def changing(model, path, *, compress, encoding="smallest"):
    ledger = write_onnx(model, path, compress=compress, encoding=encoding)
    model.producer_name = "changed"
    return ledger


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (dense_only, "compressed, the model takes"),
        (miscounting, "the ledger says 1 bytes"),
        (changing, "the model given was changed|gives other bytes"),
    ],
)
def test_what_breaks_the_contract_is_named(wrong, said, tmp_path):
    with pytest.raises(AssertionError, match=said):
        check_format(wrong, ".onnx", tmp_path)


def test_outputs_of_another_model_are_none(tmp_path):
    with pytest.raises(AssertionError, match="its outputs are not the model's"):
        check_format(write_onnx, ".onnx", tmp_path, lambda path, x: in_onnxruntime(path, 2 * x))
