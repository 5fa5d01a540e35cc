"""Held against the runtime itself: the operators alone, one after the other, give what the whole gives."""

from types import SimpleNamespace

import numpy as np
import pytest

from edgecompress.agent.accelerator import NONE
from edgecompress.agent.engines import load, load_profiled
from edgecompress.agent.engines.litert_alone import Part
from edgecompress.agent.engines.litert_nodes import Nodes
from edgecompress.agent.engines.litert_profile import ProfiledLiteRt
from edgecompress.agent.errors import NotOfferedError, RuntimeRefusedError


@pytest.fixture
def feed():
    return {"t0": np.random.default_rng(3).standard_normal((1, 6, 6, 2)).astype(np.float32)}


def test_the_operators_alone_compute_what_the_whole_computes(graph, feed, tmp_path):
    engine, finish = load_profiled(graph, 1, NONE, tmp_path)
    expected = load(graph, 1).run(feed)
    for _ in range(6):
        np.testing.assert_array_equal(engine.run(feed)[0], expected[0])
    np.testing.assert_array_equal(engine._interpreter._interpreter.GetTensor(6, 3), expected[0])  # the last one alone
    seen = finish(2)
    assert (len(seen.runs_us), seen.method) == (4, "operators alone")
    by_name = {node["name"]: node for node in seen.nodes}
    assert {name: node["op_type"] for name, node in by_name.items()} == {
        "t4": "PAD + CONV_2D",
        "t5": "PAD",
        "t6": "RELU",
    }
    assert all(node["calls"] == 4 and node["p50_us"] > 0 for node in seen.nodes)
    assert sum(node["share"] for node in seen.nodes) == pytest.approx(1)
    assert seen.together > 0


def test_what_the_runtime_refuses_is_refused_in_its_words(tmp_path):
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"\x18\0\0\0TFL3" + bytes(40))
    with pytest.raises(RuntimeRefusedError, match=r"does not load broken\.tflite"):
        load_profiled(broken, 1, NONE, tmp_path)


def test_a_release_without_subgraphs_of_their_own_says_so(graph):
    engine = load(graph, 1)
    older = SimpleNamespace(_interpreter=object(), get_input_details=list)
    with pytest.raises(NotOfferedError, match="does not take its operators alone"):
        ProfiledLiteRt(engine, older, [Part((0,), (0,), (1,), "")], Nodes(""))
