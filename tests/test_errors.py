from edgecompress import errors


def test_each_kind_ends_the_program_with_its_documented_code():
    codes = {
        errors.InputError: 2,
        errors.MissingDependencyError: 2,
        errors.CheckError: 3,
        errors.RuntimeFailedError: 4,
    }
    for kind, code in codes.items():
        assert issubclass(kind, errors.EdgecompressError)
        assert kind("x").exit_code == code
