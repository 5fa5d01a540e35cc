import pytest

from edgecompress.compress.prune.schedules.one_shot import one_shot


@pytest.mark.parametrize("progress", [0.0, 0.01, 0.5, 1.0])
def test_everything_goes_at_once(progress):
    assert one_shot(progress, 0.9) == 0.9
