"""Outputs that a board sends back: what is taken of them, and how far they are from this machine's."""

import io
import zipfile

import numpy as np
import pytest

from edgecompress.bench.outputs import check_finite, difference, read
from edgecompress.deploy.on_device import AgentFailedError
from edgecompress.manifest import End

MASK, AREA = End(name="mask", shape=[3, 6, 5], dtype="float32"), End(name="area", shape=[2], dtype="float32")


def written(tmp_path, **arrays):
    np.savez(tmp_path / "y.npz", **arrays)
    return tmp_path / "y.npz"


def test_outputs_are_read_in_the_networks_order_and_layout(tmp_path):
    mask, area = np.arange(2 * 90, dtype=np.float32).reshape(2, 3, 6, 5), np.zeros((2, 2), np.float16)
    first = read(written(tmp_path, area=area, mask=mask), 2, (MASK, AREA), "channels_first")
    last = read(written(tmp_path, area=area, mask=np.moveaxis(mask, 1, -1).copy()), 2, (MASK, AREA), "channels_last")
    for found in (first, last):
        assert np.array_equal(found[0], mask) and found[1].dtype == np.float32
    (only,) = read(written(tmp_path, other=mask), 2, (MASK,), "channels_first")
    assert np.array_equal(only, mask)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"mask": np.zeros((3, 3, 6, 5), np.float32)}, r"must be numbers of shape \[2, 3, 6, 5\]"),
        ({"mask": np.zeros((2, 3, 6, 5), "S8")}, "must be numbers"),
        ({"mask": np.zeros((2, 3, 6, 5), np.float32)}, "no item named 'area"),
        ({}, "no item named"),
    ],
)
def test_what_a_board_says_is_not_trusted(tmp_path, arrays, said):
    with pytest.raises(AgentFailedError, match=f"outputs cannot be taken: .*{said}"):
        read(written(tmp_path, **arrays), 2, (MASK, AREA), "channels_first")


def test_a_header_that_promises_more_than_there_is_takes_no_memory(tmp_path):
    header = io.BytesIO()
    shape = {"descr": "<f4", "fortran_order": False, "shape": (2, 3, 6, 5)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(tmp_path / "y.npz", "w") as archive:
        archive.writestr("mask.npy", header.getvalue() + b"\0" * 8)
    with pytest.raises(AgentFailedError, match="'mask' is cut short"):
        read(tmp_path / "y.npz", 2, (MASK, AREA), "channels_first")
    (tmp_path / "y.npz").write_bytes(b"no archive")
    with pytest.raises(AgentFailedError, match="cannot be taken"):
        read(tmp_path / "y.npz", 2, (MASK, AREA), "channels_first")


def test_the_output_that_differs_most_for_its_spread_counts():
    large, small = np.array([[0.0], [100.0]], np.float32), np.array([[0.0], [1.0]], np.float32)
    assert difference([large + 1, small + 0.5], [large, small]) == (0.5, 1.0)
    assert difference([large + 1, small], [large, small]) == (1.0, 100.0)
    assert difference([small * 0 + 1], [small * 0]) == (1.0, 0.0), "a constant that is another"


def test_outputs_that_are_not_finite_are_not_judged():
    check_finite([np.zeros(3), np.ones(2)], "m.onnx")
    with pytest.raises(AgentFailedError, match=r"m\.onnx gives outputs that are not finite, among samples from 10 on"):
        check_finite([np.zeros(3), np.array([1, np.inf])], "m.onnx", 10)
