from dataclasses import replace

from edgecompress.sources import datasets
from edgecompress.sources.data.info import info


def test_a_data_set_is_named_with_its_source_and_sizes():
    data = datasets.load("digits")
    found = info(data)
    assert (found.name, found.sha256, found.classes) == (
        "Digits",
        data.source.sha256,
        [str(each) for each in range(10)],
    )
    assert found.train + found.validation + found.test == 1797
    noise = replace(data, source=data.source.model_copy(update={"sha256": ""}))
    assert info(noise).test == 0  # noise to compare outputs on is no test set
