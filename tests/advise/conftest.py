"""The micro-benchmark of all tests, and the network that it is of."""

import pytest


@pytest.fixture(scope="session")
def record(micro_record):
    return micro_record


@pytest.fixture(scope="session")
def network(record):
    return record.network
