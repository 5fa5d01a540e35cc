import onnxruntime
import pytest


def said(agent, job):
    code, events, _ = agent("accelerator", job)
    return code, events[-1].get("message", "")


def test_what_the_runtime_has_is_found_by_its_name_in_any_case(agent):
    for name in ("azure", "AzureExecutionProvider", "CPU"):
        assert said(agent, {"file": "m.onnx", "provider": name})[0] == 0


@pytest.mark.skipif("CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="CUDA is here")
@pytest.mark.parametrize("name", ["cuda", "CUDAExecutionProvider", "tensorrt", "nothing"])
def test_what_the_runtime_has_not_is_refused_with_what_it_has(agent, name):
    code, message = said(agent, {"file": "m.onnx", "provider": name})
    full = {"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}.get(name, name)
    assert code == 2
    assert f"has no {full}; it has {', '.join(onnxruntime.get_available_providers())}" in message


def test_a_delegate_that_is_not_there_or_no_library_is_refused(agent, tmp_path):
    (tmp_path / "no.so").write_bytes(b"\x7fELF of another machine")
    for path in ("/no/such.so", str(tmp_path / "no.so")):
        code, message = said(agent, {"file": "m.tflite", "delegate": path})
        assert (code, message.startswith(f"litert cannot load the delegate {path}: ")) == (2, True)


def test_each_runtime_takes_its_own_kind(agent):
    assert "is of LiteRT" in said(agent, {"file": "m.onnx", "delegate": "/a.so"})[1]
    assert "is of onnxruntime" in said(agent, {"file": "m.tflite", "provider": "cuda"})[1]
    assert "is missing" in said(agent, {"provider": "cuda"})[1]
