"""TensorFlow Lite Micro as the reference: what its DECODE operator makes of coded bytes."""

import numpy as np
import pytest

from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.schema import schema

NUMBERS = {"int8": "INT8", "int16": "INT16", "int32": "INT32", "float32": "FLOAT32"}


def decode_file(codes, ancillary, shape, dtype="int8", channels=1, axis=0) -> bytes:
    """A file that is one DECODE: its result is the output, and an input goes beside it."""
    s = schema()
    kind = getattr(s.TensorType, NUMBERS[dtype])
    quantization = None
    if channels > 1:
        quantization = s.QuantizationParametersT(
            scale=np.ones(channels, np.float32), zeroPoint=np.zeros(channels, np.int64), quantizedDimension=axis
        )
    tensors = [
        s.TensorT(shape=[1], type=s.TensorType.FLOAT32, buffer=0, name="x"),
        s.TensorT(shape=[len(codes)], type=s.TensorType.UINT8, buffer=1, name="weights"),
        s.TensorT(shape=[len(ancillary)], type=s.TensorType.UINT8, buffer=2),
        s.TensorT(shape=list(shape), type=kind, buffer=0, quantization=quantization),
        s.TensorT(shape=[1], type=s.TensorType.FLOAT32, buffer=0, name="y"),
    ]
    custom, add = s.BuiltinOperator.CUSTOM, s.BuiltinOperator.ADD
    codes_of = [
        s.OperatorCodeT(deprecatedBuiltinCode=custom, builtinCode=custom, customCode=b"TFLM_DECODE", version=1),
        s.OperatorCodeT(deprecatedBuiltinCode=add, builtinCode=add, version=1),
    ]
    operators = [
        s.OperatorT(opcodeIndex=0, inputs=[1, 2], outputs=[3]),
        s.OperatorT(
            opcodeIndex=1,
            inputs=[0, 0],
            outputs=[4],
            builtinOptionsType=s.BuiltinOptions.AddOptions,
            builtinOptions=s.AddOptionsT(),
        ),
    ]
    graph = s.SubGraphT(tensors=tensors, inputs=[0], outputs=[3, 4], operators=operators)
    buffers = [s.BufferT(), s.BufferT(data=np.asarray(codes)), s.BufferT(data=np.asarray(ancillary))]
    return model_file.serialize(s.ModelT(version=3, operatorCodes=codes_of, subgraphs=[graph], buffers=buffers))


@pytest.fixture
def by_runtime():
    """Decodes with the tflite-micro package; arguments are those of ``decode_file``."""
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")

    def decoded(*arguments, **more):
        made = runtime.Interpreter.from_bytes(decode_file(*arguments, **more), arena_size=1 << 22)
        made.set_input(np.zeros(1, np.float32), 0)
        made.invoke()
        return np.array(made.get_output(0))

    return decoded
