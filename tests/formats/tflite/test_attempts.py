import numpy as np

from edgecompress.formats.tflite.attempts import inputs, label
from edgecompress.formats.tflite.schema import schema


def test_free_sizes_and_wide_integers_are_told_of_the_first_subgraph(foreign):
    build, s = foreign(), schema()
    x, n, table = build.tensor("x", (1, 8, 3)), build.tensor("n", (2,), kind="int64"), build.tensor("t", (2, 2))
    build.tensors[x].shapeSignature = [-1, 8, -1]
    y = build.tensor("y", (1, 8, 3))
    build.operator("RELU", [x], [y])
    data = build.file([x, n, table], [y])
    found = inputs(s.ModelT.InitFromPackedBuf(data, 0))
    assert [(each.name, each.sizes, each.whole) for each in found] == [
        ("x", (None, 8, None), False), ("n", (2,), True), ("t", (2, 2), False),
    ]  # fmt: skip
    assert found[0].stated == "?,8,?"


def test_inputs_of_several_signatures_are_told_apart(foreign):
    build, s = foreign(), schema()
    x, y = build.tensor("x", (1, 4)), build.tensor("y", (1, 4))
    build.operator("RELU", [x], [y])
    signatures = [
        s.SignatureDefT(inputs=[s.TensorMapT("in", x)], outputs=[s.TensorMapT("out", y)], signatureKey=key)
        for key in ("encode", "decode")
    ]
    model = s.ModelT.InitFromPackedBuf(build.file([x], [y], signatureDefs=signatures), 0)
    assert [each.name for each in inputs(model)] == ["encode/in", "decode/in"]
    model.signatureDefs = model.signatureDefs[:1]
    assert [each.name for each in inputs(model)] == ["in"] == [label("encode", "in", 1)]
    model.subgraphs[0].tensors[0].shape = np.array([], np.int32)
    assert inputs(model)[0].sizes == ()
