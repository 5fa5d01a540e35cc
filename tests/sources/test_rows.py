from collections import namedtuple

import torch
from torch import nn

from edgecompress.manifest import End
from edgecompress.sources.rows import Rows
from edgecompress.sources.signature import Signature

Found = namedtuple("Found", ["box", "more"])


class Net(nn.Module):
    def forward(self, x, token):
        more = {"scores": x[:, None].repeat(1, 2, 1), "none": None}
        return Found(token.float(), [more, x] if self.training else [more])


def signature(*inputs, outputs=2):
    return Signature(inputs, tuple(End(name=str(number), shape=[2], dtype="float32") for number in range(outputs)))


def test_rows_go_in_and_come_out_as_the_network_has_them():
    net = Net()
    inputs = (End(name="x", shape=[3], dtype="float32"), End(name="token", shape=[], dtype="int64"))
    x, token = torch.randn(4, 3), torch.tensor([3, 1, 4, 1])
    rows = Rows(net, signature(*inputs), net(x, token))
    given = torch.cat([x, token[:, None].float()], 1)
    for training, parts in ((True, 2), (False, 1)):
        found = rows.outputs(net.train(training)(given))
        assert isinstance(found, Found) and len(found.more) == parts
        assert torch.equal(found.box, token.float())
        assert torch.equal(found.more[0]["scores"], x[:, None].repeat(1, 2, 1)) and found.more[0]["none"] is None
    assert len(rows.outputs(torch.cat([net(given), net(given)])).box) == 8
    rows.remove()
    assert torch.equal(net(x, token).box, token.float())


def test_one_tensor_stays_as_it_is():
    net = nn.Conv2d(1, 2, 1)
    x = torch.randn(2, 1, 4, 4)
    rows = Rows(net, signature(End(name="x", shape=[1, 4, 4], dtype="float32"), outputs=1), net(x))
    assert rows.outputs(net(x)).shape == (2, 2, 4, 4)
