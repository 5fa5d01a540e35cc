import numpy as np

from edgecompress.export.verify import outputs
from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.float16 import VALUE, write_float16
from edgecompress.formats.tflite.inspection import REDUCED_PRECISION, inspect_tflite
from edgecompress.formats.tflite.network import write_tflite as write


def test_the_file_is_the_compressed_one_with_the_entry_and_nothing_else(network, samples, tmp_path):
    path, plain = tmp_path / "m.tflite", tmp_path / "plain.tflite"
    write_float16(network(), path, encoding="smallest")
    write(network(), plain, compress=True, sparse_inference=False)
    _, model = model_file.parse(path)
    (entry,) = model.metadata
    assert entry.name == REDUCED_PRECISION.encode() == b"reduced_precision_support"
    assert bytes(model.buffers[entry.buffer].data) == VALUE == b"fp16accfp16"
    _, other = model_file.parse(plain)
    assert other.metadata is None
    said, unsaid = (" ".join(inspect_tflite(each).remarks) for each in (path, plain))
    assert "may compute in float16 where the processor can" in said
    assert "float16" not in unsaid
    assert path.stat().st_size - plain.stat().st_size < 200
    # This processor takes no notice of the entry, or rounds to float16.
    made, expected = (outputs(each, samples, layout="channels_last")[0] for each in (path, plain))
    assert np.abs(made - expected).max() <= 2e-2 * np.abs(expected).max()
