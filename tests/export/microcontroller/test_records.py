from edgecompress import bundle


def test_the_manifest_keeps_the_proof_and_vela_s_estimate(micro_bundle):
    file = bundle.load(micro_bundle).models["model-int8.tflite"]
    assert (file.runtime, file.verification.runtime, file.kind) == ("tflite-micro", "tflite-micro", "int8")
    assert file.microcontroller.arena_bytes > file.microcontroller.persistent_bytes > 0
    assert file.microcontroller.largest_steps <= 1.01
    found = file.microcontroller.vela
    assert found.file_bytes == (micro_bundle / "model-vela.tflite").stat().st_size
    # Vela's coder gains from zeros and few levels: the dense network's weights take a byte each, about.
    assert found.dense_encoded_weight_bytes > 3 * found.encoded_weight_bytes
    assert found.on_cpu == ["QUANTIZE", "DEQUANTIZE"]
    proof = file.microcontroller
    assert proof.ram_bytes == found.sram_bytes + proof.persistent_bytes
    assert proof.model_copy(update={"vela": None}).ram_bytes == proof.arena_bytes
    assert bundle.load(micro_bundle).to_json() == (micro_bundle / "manifest.json").read_text()
