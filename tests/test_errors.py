import errno

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


def test_what_a_user_can_mend_is_explained_and_a_defect_is_not():
    assert errors.explain(errors.CheckError("x")) == ("x", 3)
    assert errors.explain(OSError(errno.ENOSPC, "No space left on device", "r.json")) == (
        "No space left on device: r.json; check the name, permissions and free space",
        2,
    )
    line, code = errors.explain(ModuleNotFoundError("no", name="onnxruntime.capi"))
    assert (line.endswith("pip install 'edgecompress[bench]'"), code) == (True, 2)
    for defect in (ZeroDivisionError(), OSError(errno.EIO, "?"), ModuleNotFoundError("no", name="edgecompress.x")):
        assert errors.explain(defect) is None


def test_a_message_of_a_megabyte_keeps_both_its_ends():
    short = errors.shortened("a" + "k" * 1_000_000 + "z")
    assert len(short) < 2100
    assert (short[0], short[-1]) == ("a", "z")
