import numpy as np

MIB = 2**20


def test_the_numbers_are_of_the_process_and_of_the_file(agent, file, data):
    code, events, _ = agent("memory", {**file, "inputs": str(data), "threads": 1})
    assert code == 0
    event = events[-1]
    for moment in ("after_import", "after_load", "after_first_run"):
        now = event[moment]
        # A Python with NumPy and a runtime takes tens of MiB; a page is shared or not, dirty or not.
        assert 10 * MIB < now["private_dirty"] <= now["uss"] <= now["pss"] <= now["rss"] < 2000 * MIB
        assert now["peak"] >= 0.99 * now["rss"]
    grown = event["over_import"]["after_first_run"]
    assert grown["rss"] == event["after_first_run"]["rss"] - event["after_import"]["rss"]
    assert grown["peak"] == event["peak"] - event["after_import"]["rss"]
    assert event["load_ns"] > 0
    assert event["first_ns"] > 0


def test_a_file_of_64_mib_is_seen_and_the_data_are_not(agent, files, tmp_path):
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(0).standard_normal((4096, 4096)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "big",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4096])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4096])],
        [numpy_helper.from_array(weights, "w")],
    )
    path = tmp_path / "big.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    # 160 MiB of data, of which one row is run.
    np.savez(tmp_path / "x.npz", x=np.zeros((10_000, 4096), np.float32))
    code, events, _ = agent("memory", {"file": str(path), "inputs": "x.npz", "threads": 1})
    assert code == 0
    assert 60 * MIB < events[-1]["over_import"]["after_load"]["rss"] < 150 * MIB
    assert events[-1]["peak_since_import"] is True
    small = agent("memory", {"file": str(files["onnx"][0]), "inputs": str(tmp_path / "s.npz"), "threads": 1})
    assert small[0] == 2  # and a file that is not there is said, not replaced by noise
