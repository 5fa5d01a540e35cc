from edgecompress import bundle
from edgecompress.report.summary import summary


def test_the_summary_says_sizes_accuracies_proofs_and_the_next_command(small_bundle):
    manifest = bundle.load(small_bundle)
    text = summary(manifest, small_bundle)
    assert f"{manifest.models['model.onnx'].bytes:,} bytes, {manifest.ratios.onnx:.1f}x smaller" in text
    drop = manifest.accuracy.dense - manifest.accuracy.compressed
    assert f"drop {drop:.2f} points" in text
    assert "12 tensors bit by bit" in text
    assert f"edgecompress bench {small_bundle}" in text
    assert "any distinct" not in text
