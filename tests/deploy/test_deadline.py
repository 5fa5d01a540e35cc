import time

from edgecompress.deploy.deadline import Deadline


def test_it_counts_down_and_stops_at_zero():
    deadline = Deadline.after(100)
    first = deadline.left()
    time.sleep(0.01)
    assert 99 < deadline.left() < first <= 100
    assert deadline.seconds == 100
    assert Deadline.after(0).left() == 0
    assert Deadline.after(-5).left() == 0
