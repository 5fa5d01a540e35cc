def test_onnxruntime_decodes_every_bit(every_bit):
    every_bit("palette")


def test_onnxruntime_decodes_every_index_width(every_width):
    every_width("palette")
