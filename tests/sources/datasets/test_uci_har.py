import io
import shutil
import zipfile

import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.sources.datasets.uci_har import CHANNELS, REMOTE, uci_har

SUBJECTS = {"train": np.repeat(np.arange(1, 21), 6), "test": np.repeat(np.arange(21, 26), 6)}
SIGNAL = "train/Inertial Signals/total_acc_x_train.txt"


def lay_out(folder):
    """A small data set in the official layout, each of whose values is 1000 x channel + subject, in steps of 0.001."""
    for part, subjects in SUBJECTS.items():
        signals = folder / "UCI HAR Dataset" / part / "Inertial Signals"
        signals.mkdir(parents=True)
        np.savetxt(signals.parent / f"subject_{part}.txt", subjects, fmt="%d")
        np.savetxt(signals.parent / f"y_{part}.txt", np.arange(len(subjects)) % 6 + 1, fmt="%d")
        for number, channel in enumerate(CHANNELS):
            rows = 1000 * number + subjects[:, None] + np.arange(128) / 1000
            np.savetxt(signals / f"{channel}_{part}.txt", rows, fmt="%16.7e")
    return folder / "UCI HAR Dataset"


def zipped(folder):
    """The bytes of a zip archive of the data set, and the folder removed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.txt")):
            archive.write(path, path.relative_to(folder.parent))
    shutil.rmtree(folder)
    return buffer.getvalue()


def load(folder):
    return uci_har(folder, download=False, progress=silent)


def subject_of(x, data):
    """The subject of each window, from its first sample."""
    return np.rint(x[:, 0, 0] * np.float32(data.std[0]) + np.float32(data.mean[0])).astype(int)


def test_nobody_is_in_two_parts_and_windows_keep_their_order(tmp_path):
    lay_out(tmp_path)
    data = load(tmp_path)
    validating = set(subject_of(data.validation_x, data))
    assert len(validating) == 2
    rest = [s for s in SUBJECTS["train"] if s not in validating]
    assert subject_of(data.train_x, data).tolist() == rest
    assert subject_of(data.test_x, data).tolist() == SUBJECTS["test"].tolist()
    assert data.test_y.tolist() == (np.arange(30) % 6).tolist()


def test_channels_and_time_stay_in_order(tmp_path):
    lay_out(tmp_path)
    data = load(tmp_path)
    raw = data.test_x * np.float32(data.std)[:, None] + np.float32(data.mean)[:, None]
    expected = 1000 * np.arange(9)[:, None] + SUBJECTS["test"][:, None, None] + np.arange(128) / 1000
    np.testing.assert_allclose(raw, expected, rtol=1e-6, atol=1e-5)


def test_archives_give_the_same_data_as_the_folder(tmp_path):
    folder = lay_out(tmp_path)
    from_folder = load(tmp_path)
    inner = zipped(folder)
    (tmp_path / "UCI HAR Dataset.zip").write_bytes(inner)
    from_zip = load(tmp_path)
    (tmp_path / "UCI HAR Dataset.zip").unlink()
    with zipfile.ZipFile(tmp_path / REMOTE.file_name, "w") as outer:
        outer.writestr("UCI HAR Dataset.zip", inner)
    from_nested = load(tmp_path)
    for other in (from_zip, from_nested):
        assert other.source == from_folder.source
        assert np.array_equal(other.train_x, from_folder.train_x)
    assert [path.name for path in tmp_path.iterdir()] == [REMOTE.file_name], "nothing is unpacked to disk"


def test_other_data_in_the_layout_is_used_and_says_so(tmp_path):
    lay_out(tmp_path)
    source = load(tmp_path).source
    assert not source.official
    assert "120 training and 30 test windows" in source.note


def test_the_whole_data_set(data_dir):
    data = load(data_dir)
    subjects = np.loadtxt(data_dir / "UCI HAR Dataset" / "train" / "subject_train.txt", dtype=int)
    labels = np.loadtxt(data_dir / "UCI HAR Dataset" / "train" / "y_train.txt", dtype=int)
    persons = {tuple(np.bincount(labels[subjects == s] - 1, minlength=6)) for s in np.unique(subjects)}
    counts = np.bincount(data.validation_y, minlength=6)
    assert any(tuple(counts - np.array(one)) in persons for one in persons), "validation is two persons, whole"
    assert len(data.train_y) + len(data.validation_y) == len(labels)
    assert data.train_x.shape[1:] == (9, 128)
    assert data.train_x.flags.c_contiguous
    for y in (data.train_y, data.validation_y, data.test_y):
        assert set(y) == set(range(6))
    # Gravity: the mean of total acceleration's length is one g, which holds only in the raw units and channel order.
    total = data.test_x[:, 6:] * np.float32(data.std)[6:, None] + np.float32(data.mean)[6:, None]
    assert np.sqrt((total**2).sum(axis=1)).mean() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("8.0010000e+03", "nan", "line 1 has a value that is not a finite number"),
        ("8.0010000e+03", "inf", "line 1 has a value"),
        ("8.0010000e+03", "", "columns changed"),
        ("8.0010000e+03", "x", "could not convert string"),
    ],
)
def test_a_bad_value_is_one_line_with_the_file(tmp_path, old, new, reason):
    path = lay_out(tmp_path) / "train" / "Inertial Signals" / "total_acc_z_train.txt"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=rf"total_acc_z_train.txt is damaged \(.*{reason}") as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_truncated_signal_is_refused(tmp_path):
    path = lay_out(tmp_path) / SIGNAL
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1]))
    with pytest.raises(InputError, match="120 lines of 128 numbers are needed, it has 119"):
        load(tmp_path)


@pytest.mark.parametrize("content", ["", "1\n7\n", "1.5\n", "1 2\n3 4\n"])
def test_labels_that_are_none_are_refused(tmp_path, content):
    (lay_out(tmp_path) / "test" / "y_test.txt").write_text(content)
    with pytest.raises(InputError, match=r"y_test.txt is damaged"):
        load(tmp_path)


def test_an_absent_signal_is_named(tmp_path):
    (lay_out(tmp_path) / SIGNAL).unlink()
    with pytest.raises(InputError, match=r"cannot read .*total_acc_x_train.txt"):
        load(tmp_path)


def test_a_damaged_archive_is_refused(tmp_path):
    content = bytearray(zipped(lay_out(tmp_path)))
    target = tmp_path / "UCI HAR Dataset.zip"
    target.write_bytes(content[:-100])
    with pytest.raises(InputError, match=r"UCI HAR Dataset.zip is damaged"):
        load(tmp_path)
    content[len(content) // 2] ^= 0xFF
    target.write_bytes(content)
    with pytest.raises(InputError, match=r"UCI HAR Dataset.zip is damaged \(UCI HAR Dataset/"):
        load(tmp_path)


def test_an_archive_of_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / REMOTE.file_name, "w") as archive:
        archive.writestr("../escape.txt", "x")
    with pytest.raises(InputError, match=r"does not hold UCI HAR Dataset/train/y_train.txt"):
        load(tmp_path)
    assert not (tmp_path.parent / "escape.txt").exists()


def test_without_the_files_and_without_downloading_the_address_is_named(tmp_path):
    with pytest.raises(InputError, match=r"downloading is switched off; put https://archive.ics.uci.edu"):
        load(tmp_path)
