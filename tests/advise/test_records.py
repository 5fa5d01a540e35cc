from edgecompress.advise.records import MicroRecord


def test_to_json_and_back(record):
    assert MicroRecord.from_json(record.to_json(), "r") == record


def test_the_board_is_what_it_is_found_by(record):
    place = record.place.model_copy(update={"profile": "rpi5"})
    about = record.model_copy(update={"place": place}).about()
    assert (about.target, about.model, set(about.runtimes)) == ("rpi5", "alexnet", {"onnxruntime", "litert"})
