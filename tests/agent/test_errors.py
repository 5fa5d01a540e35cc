from edgecompress.agent.errors import JobError, RuntimeRefusedError, first_line


def test_a_runtimes_words_become_one_line():
    assert first_line(ValueError("\n\n  Could not open it.\nTraceback of C++:\n#0")) == "Could not open it."
    assert first_line(KeyError()) == "KeyError"


def test_wrong_jobs_and_refused_files_end_with_different_codes():
    assert (JobError.exit_code, RuntimeRefusedError.exit_code) == (2, 3)
