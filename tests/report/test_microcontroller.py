from edgecompress import bundle
from edgecompress.report import microcontroller
from edgecompress.report.microcontroller import sentences


def test_flash_ram_proof_and_estimate(micro_bundle, small_bundle):
    manifest = bundle.load(micro_bundle)
    file = manifest.models["model-int8.tflite"]
    memory, proof, estimate = sentences(manifest)
    assert f"{file.bytes:,} bytes of flash" in memory
    assert f"{file.microcontroller.arena_bytes:,} bytes" in memory
    assert "LiteRT's reference kernels" in proof
    assert f"{file.microcontroller.vela.encoded_weight_bytes:,} bytes of encoded weights" in estimate
    assert "not measured" in estimate
    assert sentences(bundle.load(small_bundle)) == []


def test_what_vela_leaves_to_the_processor_altogether_is_said_with_the_reason(micro_bundle):
    found = bundle.load(micro_bundle).models["model-int8.tflite"].microcontroller.vela
    left = found.model_copy(update={"encoded_weight_bytes": 0, "on_cpu": ["CONV_2D", "SOFTMAX"]})
    said = microcontroller.estimate(left)
    assert "leaves all 2 operators to the processor" in said
    assert "int8" in said
