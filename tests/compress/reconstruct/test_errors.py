from edgecompress.compress.reconstruct.errors import Errors


def test_means_and_the_worst():
    errors = Errors()
    assert errors.details() == {}
    errors.add("a", 0.5, 0.25)
    errors.add("b", 1.5, 0.75)
    assert errors.details() == {"error_plain": 1.0, "error": 0.5, "worst_layer": "b", "worst_error": 0.75}
