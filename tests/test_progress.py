from edgecompress.progress import silent


def test_silence_takes_every_form_of_the_call(capsys):
    silent("train", 1, 2)
    silent("train", 2, 2, "loss 0.1")
    assert capsys.readouterr() == ("", "")
