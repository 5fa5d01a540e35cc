import numpy as np

from edgecompress.formats.tflite.equal import LEAST, content, keep_once
from edgecompress.formats.tflite.graph import Tensor, TfliteGraph, TfliteOperator


def test_equal_arrays_have_equal_content_whatever_their_strides_and_small_ones_have_none():
    array = np.arange(64, dtype=np.float32).reshape(8, 8)
    assert content(array) == content(np.asfortranarray(array)) != content(array.T)
    assert content(np.zeros(LEAST // 4, np.float32)) is not None
    assert content(np.zeros(LEAST // 4 - 1, np.float32)) is None


def test_only_what_runtimes_read_alike_becomes_one():
    array = np.arange(64, dtype=np.float32).reshape(8, 8)
    negative = np.where(array == 0, np.float32(-0.0), array)  # equal to NumPy, and other bits
    given = x = Tensor("x", (1, 8))
    operators, weights = [], []
    arrays = [array, array.copy(), negative, array.copy().reshape(4, 16), array.copy(), array.copy()]
    codes = ["FULLY_CONNECTED"] * 4 + ["MUL", "FULLY_CONNECTED"]
    for number, (code, each) in enumerate(zip(codes, arrays, strict=True)):
        weights.append(Tensor(f"w{number}", each.shape, each, compressible=True))
        made = Tensor(f"y{number}", (1, 8))
        operators.append(TfliteOperator(code, [given, weights[-1]], made))
        given = made
    plain = Tensor("plain", array.shape, array.copy())
    operators.append(TfliteOperator("ADD", [given, plain], Tensor("z", (1, 8))))
    graph = TfliteGraph([x], [operators[-1].output], operators)
    keep_once(graph, apart={weights[5]})
    read = [operator.inputs[1].name for operator in graph.operators]
    assert read == ["w0", "w0", "w2", "w3", "w4", "w5", "plain"]
