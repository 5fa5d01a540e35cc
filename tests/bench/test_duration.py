import pytest

from edgecompress import bundle
from edgecompress.bench.duration import expected, in_words
from edgecompress.bench.protocol import protocol


@pytest.mark.parametrize(("seconds", "words"), [(5, "5 s"), (89, "89 s"), (90, "2 minutes"), (3000, "50 minutes")])
def test_a_duration_in_words(seconds, words):
    assert in_words(seconds) == words


def test_the_last_one_of_this_kind_here_says_how_long_and_without_one_the_protocol_does(measured, tmp_path):
    record, path, folder = measured
    manifest = bundle.load(folder)
    (tmp_path / "broken.json").write_text("{")
    longer = record.model_copy(update={"seconds": 61.0, "created": "2199-01-01T00:00:00+00:00"})
    (tmp_path / "longer.json").write_text(longer.to_json())
    records = [path, *tmp_path.glob("*.json")]
    assert expected(manifest, protocol("quick"), records, "local") == "about 61 s, as the last one of this kind here"
    for mode, device in (("standard", "local"), ("quick", "kitchen")):
        said = expected(manifest, protocol(mode), records, device)
        assert said.endswith(f"(mode {mode}, 4 files in 2 runtimes)")
    assert expected(manifest, protocol("standard"), [], "local").startswith("2 minutes to 26 minutes")


def test_it_lasts_as_long_as_was_said(measured):
    record, _, folder = measured
    most = 2 * (60 + 30) + 24
    assert f"14 s to {in_words(most)}" in expected(bundle.load(folder), protocol("quick"), [], "local")
    assert record.seconds < most
