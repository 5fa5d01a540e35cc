import pytest

from edgecompress.report.paper import CITATION, SPATIAL, TEMPORAL, published


@pytest.mark.parametrize(
    ("data", "figures"),
    [
        ("Fashion-MNIST", SPATIAL),
        ("fashion-mnist", SPATIAL),
        ("CIFAR-10", SPATIAL),
        ("UCI-HAR", TEMPORAL),
        ("UCI HAR", TEMPORAL),
        ("Digits", None),
        ("ImageNet", None),
    ],
)
def test_only_the_papers_data_sets_have_figures(data, figures):
    assert published(data) is figures


def test_the_figures_are_those_of_the_abstract():
    assert (SPATIAL.drop, SPATIAL.ratio) == ("< 0.5 %", 10)
    assert TEMPORAL.drop == "about 5.0 %"
    assert "10.1007/978-3-031-40467-2_7" in CITATION
    assert "abstract only" in CITATION
