from edgecompress.own.graph.shaping import FUNCTIONS


def test_the_onnx_project_s_tests_of_these_operators_pass_or_are_refused(passes):
    done, untested = passes(FUNCTIONS)
    assert done >= 100
    assert not untested
