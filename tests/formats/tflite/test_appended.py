import io
import zipfile

import pytest

from edgecompress.errors import InputError
from edgecompress.formats.tflite.appended import archive, moved

MODEL = bytes(range(256)) * 3


def appended(model, files, *, own=False):
    """``model`` with a zip archive behind it, written in place as metadata writers do, or by itself and then added."""
    stream = io.BytesIO() if own else io.BytesIO(model)
    stream.seek(0, io.SEEK_END)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(name, text)
    return model + stream.getvalue() if own else stream.getvalue()


FILES = {"labels.txt": "cat\ndog\n" * 50, "metadata.json": "{}"}


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("size", [0, 100, 5000])
def test_an_archive_is_found_and_readable_behind_a_model_of_another_size(own, size):
    data = appended(MODEL, FILES, own=own)

    begin, found = archive(data)

    assert (begin, found) == (len(MODEL), data[len(MODEL) :])
    again = bytes(size) + moved(data, begin, size)
    with zipfile.ZipFile(io.BytesIO(again)) as made:
        assert {name: made.read(name).decode() for name in made.namelist()} == FILES
        assert made.testzip() is None
    assert len(again) - size == len(found)


def test_without_an_archive_there_is_none():
    assert archive(MODEL) == (len(MODEL), b"") and moved(MODEL, len(MODEL), 7) == b""
    weights = MODEL + b"PK\5\6" + bytes(50)  # as any weight may be
    assert archive(weights) == (len(weights), b"")


@pytest.mark.parametrize("comment", [b"", b"PK\5\6 in the middle of a comment that is long enough for a record"])
@pytest.mark.parametrize("behind", [b"", bytes(13)])
def test_a_comment_and_what_follows_hide_no_archive(comment, behind):
    whole = bytearray(appended(MODEL, FILES))
    whole[-2:] = len(comment).to_bytes(2, "little")
    data = bytes(whole) + comment + behind

    assert archive(data) == (len(MODEL), data[len(MODEL) :])
    again = bytes(100) + moved(data, len(MODEL), 100)
    plain = again[: len(again) - len(comment + behind) - 2] + bytes(2)  # for a reader that trips over its own mark
    with zipfile.ZipFile(io.BytesIO(plain)) as made:
        assert {name: made.read(name).decode() for name in made.namelist()} == FILES
    assert again.endswith(comment + behind)


def test_a_damaged_directory_is_an_error():
    data = bytearray(appended(MODEL, FILES))
    data[data.rindex(b"PK\1\2")] = 0
    with pytest.raises(InputError, match="zip archive behind the model is damaged"):
        archive(bytes(data))
