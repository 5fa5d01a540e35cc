import pytest


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["bench", "--threads", "0"], "--threads: must be at least 1 (given '0') (see 'edgecompress bench --help')"),
        (["bench", "--threads", "x"], "--threads: must be a whole number (given 'x') (see 'edgecompress bench"),
        (["search", "--max-drop", "101"], "--max-drop 101 is more points than there are; give 0 to 100"),
        (["search", "--max-drop", "much"], "--max-drop: must be a number (given 'much')"),
        (
            ["pack", "a", "-o", "b", "--encoding", "smalest"],
            "--encoding: unknown value 'smalest'; did you mean 'smallest'? Choose from: fast-load, smallest (see 'edge",
        ),
        (["build"], "Missing option '--target'. (see 'edgecompress build --help')"),
        (["compare", "a"], "Missing argument 'B'. (see 'edgecompress compare --help')"),
        (["biuld"], "No such command 'biuld'. Did you mean 'build'? (see 'edgecompress --help')"),
        (["recipe", "shw"], "No such command 'shw'. Did you mean 'show'? (see 'edgecompress recipe --help')"),
        (["devices", "add", "a", "adb:", "--runtime", "foo"], "a: runtimes.0: must be 'onnxruntime' or 'litert' ("),
    ],
)
def test_a_wrong_word_is_said_in_plain_words_and_points_to_the_command_s_help(refused, words, line):
    said = refused(*words)
    assert said.startswith(f"edgecompress: {line}")
    assert "Input should" not in said
    assert "Value error" not in said
