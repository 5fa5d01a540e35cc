import pytest
from torch import nn
from torch.nn import functional

from edgecompress.errors import InputError
from edgecompress.manifest import End
from edgecompress.sources.alone import check_alone

INPUT = [End(name="x", shape=[3, 6, 6], dtype="float32")]


class Of(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.conv, self.function = nn.Conv2d(3, 4, 3), function

    def forward(self, x):
        return self.function(self.conv(x)).amax((2, 3))


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False)),
            r"BatchNorm '1' has no running statistics \(track_running_stats=False\).*; make it with track_runn",
        ),
        (Of(lambda x: functional.batch_norm(x, None, None, training=True)), "depends on the others of its batch"),
        (Of(lambda x: x - x.mean(0)), "depends on the others of its batch"),
        (Of(lambda x: functional.dropout(x, 0.5)), "puts out something else each time"),
    ],
)
def test_a_network_that_mixes_or_draws_is_refused_with_the_cure(module, message):
    with pytest.raises(InputError, match=f"nets:net.*{message}"):
        check_alone(module, INPUT, "nets:net")


@pytest.mark.parametrize("norm", [nn.BatchNorm2d(4), nn.GroupNorm(2, 4), nn.InstanceNorm2d(4), nn.Dropout(0.5)])
def test_what_the_advice_names_is_taken(norm):
    check_alone(Of(norm), INPUT, "nets:net")
