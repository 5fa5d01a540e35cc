import pytest

from edgecompress.bench.protocol import MODES, protocol
from edgecompress.bench.statistics import P99_SAMPLES
from edgecompress.errors import InputError


def test_quick_supports_a_90th_percentile_and_standard_a_99th():
    assert protocol("quick").min_runs >= 64
    assert protocol("standard").min_runs >= P99_SAMPLES
    assert protocol("standard").min_seconds == 60
    assert protocol("standard").warmup is None


def test_every_mode_is_called_what_it_is_and_can_reach_its_minimum():
    for name, mode in MODES.items():
        assert name == mode.mode
        assert mode.min_seconds < mode.max_seconds


def test_a_misspelt_mode_is_named_with_the_choices():
    with pytest.raises(InputError, match="unknown mode 'standart'; did you mean 'standard'"):
        protocol("standart")
