def test_onnxruntime_decodes_every_bit(every_bit):
    every_bit("bitmask")


def test_onnxruntime_decodes_every_index_width(every_width):
    every_width("bitmask")
