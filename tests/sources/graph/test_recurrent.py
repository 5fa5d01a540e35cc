from edgecompress.sources.graph.recurrent import FUNCTIONS


def test_the_onnx_project_s_tests_of_these_operators_pass_or_are_refused(passes):
    done, untested = passes(FUNCTIONS)
    assert done >= 8
    assert not untested
