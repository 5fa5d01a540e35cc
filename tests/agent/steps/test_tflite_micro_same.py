import pytest

from edgecompress.formats.tflite.micro.rewrite import write_decoding

NAME = "model-int8.tflite"


def job(file, reference, **more):
    return {"file": str(file), "reference": str(reference), "inputs": 1, "outputs": 1, "runs": 2, **more}


def test_files_that_compute_the_same_are_and_others_are_not(agent, micro_bundle, int8_bundle, tmp_path):
    coded = tmp_path / "coded.tflite"
    write_decoding(micro_bundle / NAME, coded)
    code, events, _ = agent("tflite_micro_same", job(coded, micro_bundle / NAME))
    assert (code, events[-1]["same"], events[-1]["runtime"]) == (0, True, "tflite-micro")
    assert events[-1]["arena"] > events[-1]["reference_arena"] > 0
    code, events, _ = agent("tflite_micro_same", job(int8_bundle / "dense-int8.tflite", micro_bundle / NAME))
    assert (code, events[-1]["same"]) == (0, False)


@pytest.mark.parametrize("more", [{"inputs": 0}, {"runs": "many"}, {"seeds": 1}])
def test_a_wrong_job_is_one_line(agent, micro_bundle, more):
    code, events, _ = agent("tflite_micro_same", job(micro_bundle / NAME, micro_bundle / NAME, **more))
    assert code == 2
    assert events[-1]["event"] == "error"
