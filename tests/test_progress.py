from edgecompress.progress import Paced, line, silent


def test_silence_takes_every_form_of_the_call(capsys):
    silent("train", 1, 2)
    silent("train", 2, 2, "loss 0.1")
    assert capsys.readouterr() == ("", "")


def test_a_line_says_how_far_it_is_where_there_is_more_than_one_step():
    assert line("train", 1, 20, "loss 0.1") == "train 1/20: loss 0.1"
    assert line("conditions before", 0, 1) == "conditions before"


def test_the_first_and_the_last_of_a_title_are_handed_on_and_few_between():
    told = []
    paced = Paced(lambda *words: told.append(words))
    for step in range(1, 101):
        paced("train", step, 100)
    paced("prune", 0, 2, "begins")
    assert told == [("train", 1, 100, ""), ("train", 100, 100, ""), ("prune", 0, 2, "begins")]
