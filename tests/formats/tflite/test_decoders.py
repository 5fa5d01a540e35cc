import numpy as np
import pytest

from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.decoders import chains, coded, counted
from edgecompress.formats.tflite.schema import schema


def tables(operators, custom=b"TFLM_DECODE", tensors=6):
    """The model and the subgraph of a file with operators of these codes, inputs and outputs, and its bytes."""
    s = schema()
    names = sorted({code for code, _, _ in operators})
    codes = [
        s.OperatorCodeT(
            builtinCode=getattr(s.BuiltinOperator, name),
            deprecatedBuiltinCode=getattr(s.BuiltinOperator, name),
            customCode=custom if name == "CUSTOM" else None,
        )
        for name in names
    ]
    made = [s.OperatorT(opcodeIndex=names.index(code), inputs=given, outputs=put) for code, given, put in operators]
    tensor = s.TensorT(shape=[1], type=s.TensorType.INT8)
    graph = s.SubGraphT(tensors=[tensor] * tensors, inputs=[0], outputs=[1], operators=made)
    file = s.ModelT(version=3, operatorCodes=codes, subgraphs=[graph], buffers=[s.BufferT()])
    data = model_file.serialize(file)
    model = s.Model.GetRootAs(data)
    return model, model.Subgraphs(0), data


def test_densify_and_dequantize_that_follow_each_other_are_a_chain():
    found = chains(*tables([("DENSIFY", [2], [3]), ("DEQUANTIZE", [3], [4]), ("RELU", [4], [5])]))
    assert found[2] == ((2, "DENSIFY"), (3, "DEQUANTIZE"))
    assert found[3] == ((3, "DEQUANTIZE"),)
    assert set(found) == {2, 3}


def test_decode_has_pairs_of_codes_and_tables():
    given = [("CUSTOM", [0, 1, 2, 3], [4, 5]), ("CUSTOM", [0, 1], [5])]
    assert coded(*tables(given)) == {0: [(1, 4), (1, 5)], 2: [(3, 5)]}
    assert coded(*tables(given, custom=b"Another")) == {}


def test_what_is_damaged_is_refused():
    with pytest.raises(ValueError, match="names a tensor that is not there"):
        coded(*tables([("CUSTOM", [0, 9], [4])]))
    with pytest.raises(ValueError, match="longer than the file"):
        counted(1000, bytes(np.zeros(100, np.uint8)))
