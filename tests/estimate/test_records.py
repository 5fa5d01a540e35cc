from edgecompress.estimate.choice import choose
from edgecompress.estimate.records import Lead, LeadCandidate


def test_the_choice_can_be_made_again_from_what_is_recorded_of_it():
    candidates = {
        "dense.tflite": LeadCandidate(runtime="litert", bytes=9, instructions=100, ratio=1.0, drop=0.0, samples=10),
        "model.tflite": LeadCandidate(runtime="litert", bytes=2, instructions=40, ratio=0.4, drop=0.5, samples=10),
        "model-fp16.tflite": LeadCandidate(runtime="litert", bytes=1, instructions=4, ratio=0.1, left_out="not run"),
    }
    made = choose(candidates, limit=1.0, runtimes=["litert"], processor="cortex-a76")
    read = Lead.model_validate_json(made.to_json())
    again = choose(read.candidates, limit=read.limit, runtimes=["litert"], processor=read.processor, note=read.note)
    assert again == read == made
    assert made.file == "model.tflite"
