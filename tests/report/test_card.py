from edgecompress import bundle
from edgecompress.recipe import Reconstruction
from edgecompress.report.card import card


def test_the_card_of_a_bundle_with_int8_files_has_their_sizes_and_accuracies(int8_bundle, small_bundle):
    manifest = bundle.load(int8_bundle)
    text = (int8_bundle / "README.md").read_text()
    for name, file in manifest.models.items():
        if file.accuracy:
            dense = manifest.models["dense.tflite" if name.endswith("tflite") else "dense.onnx"].bytes
            (row,) = (line for line in text.splitlines() if line.startswith(f"| `{name}` |") and "smaller" in line)
            assert f"{file.bytes:,} bytes ({dense / file.bytes:.1f}x smaller)" in row
            assert f"{file.accuracy.percent:.2f} % of 359" in row
    assert "256 training inputs calibrated" in text
    assert "- `model-int8.tflite` (litert): input" in text
    assert "int8" not in (small_bundle / "README.md").read_text()


def test_the_card_holds_the_manifest_s_figures_and_nothing_it_does_not_have(small_bundle):
    manifest = bundle.load(small_bundle)
    text = card(manifest)
    for figure in (
        f"{manifest.accuracy.dense:.2f} %",
        f"{manifest.accuracy.compressed:.2f} %",
        f"{manifest.ratios.files['onnx']:.1f}x smaller",
        f"{manifest.models['model.tflite'].bytes:,} bytes",
        manifest.data.sha256,
        "batch x 1x32x32",
        "channels last",
    ):
        assert figure in text
    assert "None" not in text
    # The card in the bundle is the one that its manifest makes, but for the card's own line.
    written = (small_bundle / "README.md").read_text()
    assert {line for line in text.splitlines() if "`README.md`" not in line} == set(written.splitlines())


def test_the_card_says_that_nothing_was_trained_and_on_what_inputs(small_bundle):
    manifest = bundle.load(small_bundle)
    recipe = manifest.recipe.model_copy(update={"reconstruct": Reconstruction(inputs="synthetic")})
    text = card(manifest.model_copy(update={"recipe": recipe}))
    assert "without training, reconstructing outputs on synthetic inputs" in text
    assert "without training" not in card(manifest)
