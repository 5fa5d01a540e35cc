from edgecompress import bundle
from edgecompress.report.summary import summary


def test_int8_files_are_told_with_their_accuracy_and_by_what_they_were_judged(int8_bundle):
    manifest = bundle.load(int8_bundle)
    text = summary(manifest, int8_bundle)
    for name in ("model-int8.onnx", "dense-int8.tflite"):
        file = manifest.models[name]
        dense = manifest.models["dense.tflite" if name.endswith("tflite") else "dense.onnx"].bytes
        (line,) = (line for line in text.splitlines() if line.split()[:1] == [name])
        assert f"{file.bytes:,} bytes, {dense / file.bytes:.1f}x smaller than {dense:,}" in line
        assert f"{file.accuracy.percent:.2f} % right of 359 test samples" in text
        assert f"{100 * file.verification.outputs.argmax_agreement:.1f} % of 256 answers are the network's" in text


def test_the_summary_says_sizes_accuracies_proofs_and_the_next_command(small_bundle):
    manifest = bundle.load(small_bundle)
    text = summary(manifest, small_bundle)
    assert f"{manifest.models['model.onnx'].bytes:,} bytes, {manifest.ratios.files['onnx']:.1f}x smaller" in text
    drop = manifest.accuracy.dense - manifest.accuracy.compressed
    assert f"drop {drop:.2f} points" in text
    assert "12 tensors bit by bit" in text
    assert f"edgecompress bench {small_bundle}" in text
    assert "any distinct" not in text
    assert "  recipe " not in text


def test_a_recipe_that_the_board_chose_is_said_with_the_reason(small_bundle):
    chosen = {"recipe_name": "alexnet+sparse-arm", "recipe_reason": "it pays there"}
    text = summary(bundle.load(small_bundle).model_copy(update=chosen), small_bundle)
    assert "  recipe    alexnet+sparse-arm: it pays there\n" in text


def test_it_says_which_machine_takes_the_metric_and_why(masks_bundle):
    manifest = bundle.load(masks_bundle)
    said = " ".join(summary(manifest, masks_bundle).split())
    assert "In benchmarks a board can judge: bench --run-metric shows metric.py and runs it there." in said
    evaluation = manifest.judged.evaluation.model_copy(update={"source": None, "host_only": "m.py imports torch"})
    judged = manifest.judged.model_copy(update={"evaluation": evaluation})
    said = " ".join(summary(manifest.model_copy(update={"judged": judged}), masks_bundle).split())
    assert "In benchmarks this machine judges: m.py imports torch." in said


def test_what_makes_the_accuracies_nonsense_is_among_the_last_lines(small_bundle):
    manifest = bundle.load(small_bundle)
    guessing = manifest.accuracy.model_copy(update={"dense": 10.0, "compressed": 12.0, "samples": 50})
    text = " ".join(summary(manifest.model_copy(update={"accuracy": guessing}), small_bundle).split())
    for said in ("learnt next to nothing", "one of them is 2.0 points", "2.00 points better than the dense one"):
        assert said in text
