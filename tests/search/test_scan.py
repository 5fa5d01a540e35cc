from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from edgecompress.compress.evaluate import Metric, accuracy
from edgecompress.search.scan import scan
from edgecompress.search.searchable import searchable


@pytest.fixture
def scanned(start):
    subject, _ = start()
    subject.network.load_state_dict(subject.unpruned.last)
    said = []
    layers = searchable(subject.network, subject.recipe)
    return subject, layers, said, scan(subject.network, subject.context, layers, [], said.append)


def test_what_everything_goes_through_bears_less_than_what_is_wide(scanned):
    *_, found = scanned
    loss = {(each.layer, each.change, each.value): each.loss_rise for each in found}
    assert len(found) == 3 * (3 + 3)
    # a ninetieth of the weights against half of them
    assert loss["narrow", "sparsity", 0.98] > 3 * max(0.02, loss["wide", "sparsity", 0.5])
    assert loss["wide", "sparsity", 0.98] > loss["wide", "sparsity", 0.5]
    assert loss["narrow", "bits", 1.0] > loss["narrow", "bits", 5.0]


def test_the_network_is_as_it_was_and_one_layer_changes_at_a_time(scanned):
    subject, _, said, found = scanned
    assert said == found
    for name, tensor in subject.network.state_dict().items():
        assert torch.equal(tensor, subject.unpruned.last[name])
    mild = next(each for each in found if (each.layer, each.value) == ("conv", 5.0))
    assert mild.accuracy == pytest.approx(accuracy(subject.network, *subject.context.validation), abs=5)


def test_what_an_interrupted_scan_found_is_not_looked_at_again(scanned):
    subject, layers, _, found = scanned
    said = []
    assert scan(subject.network, subject.context, layers, found[:-2], said.append) == found
    assert said == found[-2:]


def test_the_user_s_own_metric_and_loss_judge_a_layer(start):
    subject, _ = start()
    subject.network.load_state_dict(subject.unpruned.last)
    layers = [each for each in searchable(subject.network, subject.recipe) if each.name == "narrow"]

    def own_loss(x, logits, y):
        return functional.cross_entropy(logits, y) * 10

    spread = Metric("spread", lambda logits, y: float(logits.max() - logits.min()), "higher")
    plain = scan(subject.network, subject.context, layers, [], lambda _: None)
    own = scan(subject.network, replace(subject.context, loss=own_loss, metric=spread), layers, [], lambda _: None)
    assert [each.loss_rise for each in own] == pytest.approx([10 * each.loss_rise for each in plain], abs=1e-4)
    assert all(each.accuracy != other.accuracy for each, other in zip(own, plain, strict=True))
