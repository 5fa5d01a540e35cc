import ml_dtypes
import numpy as np
import pytest
import torch

from edgecompress.errors import InputError
from edgecompress.sources.graph.shaping import FUNCTIONS, as_tensor


def test_the_onnx_project_s_tests_of_these_operators_pass_or_are_refused(passes):
    done, untested = passes(FUNCTIONS)
    assert done >= 100
    assert not untested


def test_all_floats_become_float32_and_what_pytorch_has_not_is_one_line():
    for kind in (np.float16, np.float64, ml_dtypes.bfloat16):
        assert torch.equal(as_tensor(np.array([1.5, -2], kind)), torch.tensor([1.5, -2]))
    for kind in (ml_dtypes.int4, ml_dtypes.float8_e4m3fn):
        with pytest.raises(InputError, match=f"constants of type {np.dtype(kind)}, which cannot be trained here"):
            as_tensor(np.zeros(3, kind))
