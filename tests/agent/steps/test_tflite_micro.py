import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType


def test_outputs_of_all_rows_and_litert_s_of_the_first(agent, micro_bundle, tmp_path):
    path = micro_bundle / "model-int8.tflite"
    with np.load(micro_bundle / "eval.npz") as archive:
        x = archive["x"][:12]
    np.savez(tmp_path / "x.npz", x=x)
    job = {"file": str(path), "inputs": "x.npz", "output": "y.npz", "layout": "channels_last", "compare": 5}
    code, events, _ = agent("tflite_micro", job)
    assert code == 0
    assert (events[-1]["rows"], events[-1]["compared"], events[-1]["runtime"]) == (12, 5, "tflite-micro")
    assert events[-1]["arena"] > events[-1]["persistent"] > 0
    litert = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    litert.allocate_tensors()
    with np.load(tmp_path / "y.npz") as archive:
        assert archive["y"].shape == (12, 10)
        for row, expected in zip(np.moveaxis(x[:5], 1, -1), archive["reference"], strict=True):
            litert.set_tensor(litert.get_input_details()[0]["index"], row[np.newaxis])
            litert.invoke()
            produced = litert.get_tensor(litert.get_output_details()[0]["index"])[0]
            np.testing.assert_array_equal(produced, expected)


@pytest.mark.parametrize(("name", "shape", "message"), [("model", (1, 32, 32), "DENSIFY"), ("int8", (1, 8, 8), "fit")])
def test_what_it_does_not_run_is_one_line(agent, micro_bundle, small_bundle, tmp_path, name, shape, message):
    path = small_bundle / "model.tflite" if name == "model" else micro_bundle / "model-int8.tflite"
    np.savez(tmp_path / "x.npz", x=np.zeros((1, *shape), np.float32))
    job = {"file": str(path), "inputs": "x.npz", "output": "y.npz", "layout": "channels_last", "compare": 1}
    code, events, _ = agent("tflite_micro", job)
    assert code in (2, 3)
    assert message in events[-1]["message"]
