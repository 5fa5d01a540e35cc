import pytest
import torch

from edgecompress.compress.targets import count, moved, taken

BOXES = [{"box": torch.ones(number, 4), "what": "cat"} for number in range(3)]
TARGETS = (torch.tensor([1, 2, 3]), {"mask": torch.arange(6).reshape(3, 2), "boxes": BOXES})


def test_a_batch_is_of_the_form_of_all_targets():
    classes, more = taken(TARGETS, torch.tensor([2, 0]))
    assert classes.tolist() == [3, 1]
    assert more["mask"].tolist() == [[4, 5], [0, 1]]
    assert [len(each["box"]) for each in more["boxes"]] == [2, 0]
    assert count(TARGETS) == count(more["boxes"]) + 1 == 3


def test_parts_of_several_lengths_are_none():
    with pytest.raises(ValueError, match=r"of \[2, 3\] samples"):
        count((torch.zeros(3), torch.zeros(2)))


def test_all_tensors_are_moved_and_nothing_else():
    found = moved(TARGETS, torch.device("meta"))
    assert {found[0].device.type, found[1]["boxes"][1]["box"].device.type} == {"meta"}
    assert found[1]["boxes"][1]["what"] == "cat"
