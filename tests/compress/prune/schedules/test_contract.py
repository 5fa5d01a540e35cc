import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress import methods
from edgecompress.compress.prune.plan import SCHEDULES


@pytest.mark.parametrize("name", methods.choices(SCHEDULES))
@given(final=st.floats(0, 1), progress=st.lists(st.floats(0, 1), min_size=2, max_size=10))
def test_a_schedule_never_falls_and_ends_at_the_final_sparsity_exactly(name, final, progress):
    schedule = methods.find(SCHEDULES, name)
    sparsities = [schedule(at, final) for at in sorted(progress)]
    assert sparsities == sorted(sparsities)
    assert 0 <= sparsities[0] <= sparsities[-1] <= final
    assert schedule(1.0, final) == schedule(2.0, final) == final
    assert schedule(-1.0, final) == schedule(0.0, final)
