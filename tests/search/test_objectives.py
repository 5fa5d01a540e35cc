from edgecompress.search.objectives import FrontRecord, whole_front
from edgecompress.search.records import Candidate, RemovedChannels


def candidates(*figures):
    return [
        Candidate(trial=place or None, bytes=size, accuracy=99 - drop, drop=drop, holds=drop <= 1)
        for place, (size, drop) in enumerate(figures)
    ]


def test_what_another_beats_in_all_three_is_not_on_the_front(searched):
    whole = searched.model_copy(update={"candidates": candidates((1000, 0.0), (800, 0.5), (900, 0.75))})
    channels = RemovedChannels(macs=0.5, ratio=0.6, low=0.58, high=0.62, runtime="onnxruntime")
    # Larger and worse than the second of the above, and faster; then one that its own neighbour beats.
    half = searched.model_copy(
        update={"channels": channels, "candidates": candidates((850, 0.75), (700, 2.0), (860, 0.75))}
    )
    found = [(point.bytes, point.drop, point.latency, point.macs) for _, point in whole_front([whole, half])]
    assert found == [(700, 2.0, 0.6, 0.5), (800, 0.5, 1.0, 1.0), (850, 0.75, 0.6, 0.5), (1000, 0.0, 1.0, 1.0)]
    assert [record.channels for record, _ in whole_front([whole, half])] == [channels, None, channels, None]


def test_of_equal_ones_the_first_stays(searched):
    twice = searched.model_copy(update={"candidates": candidates((1000, 0.5), (1000, 0.5))})
    ((_, point),) = whole_front([twice])
    assert point.trial is None


def test_recipes_are_numbered_in_the_order_of_the_front(searched):
    record = searched.model_copy(update={"candidates": candidates((1000, 0.0), (500, 1.5))})
    points = [point for _, point in whole_front([record])]
    assert [(point.recipe, point.bytes, point.holds) for point in points] == [
        ("front/0.toml", 500, False),
        ("front/1.toml", 1000, True),
    ]
    front = FrontRecord(tool_version="0", model="m", data="d", dense_accuracy=99, points=tuple(points), chosen=1)
    assert FrontRecord.model_validate_json(front.to_json()) == front
