from pathlib import Path

import pytest

from edgecompress.compare.comparable import NAMES, check, differences
from edgecompress.errors import InputError
from edgecompress.manifest import Manifest

MANIFEST = Path(__file__).parents[2] / "results" / "alexnet-digits" / "manifest.json"


def changed(record, name):
    """The record with one thing different, by the name that allows it."""
    before = record.before
    other = {**record.bundle.model_dump(), "manifest_sha256": "c" * 64, "data_sha256": "d" * 64}
    frequency = {"governors": ["powersave"], "current_khz": [1], "minimum_khz": [1], "maximum_khz": [1]}
    files = {
        key: file.model_copy(update={"runtime_version": f"{file.runtime_version}.1"})
        for key, file in record.files.items()
    }
    return record.model_validate(
        {
            **record.model_dump(),
            **{
                "device": {"before": {**before.model_dump(), "board": "Raspberry Pi 4 Model B Rev 1.4"}},
                "governor": {"before": {**before.model_dump(), "frequency": frequency}},
                "runtime": {"files": {key: file.model_dump() for key, file in files.items()}},
                "accelerator": {"accelerator": {"provider": "cuda", "delegate": ""}},
                "threads": {"threads": record.threads + 1},
                "mode": {"protocol": {**record.protocol.model_dump(), "mode": "other"}},
                "taken": {"taken": "emulated"},
                "data": {"bundle": other},
            }[name],
        }
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name != "budget"])
def test_what_differs_is_refused_with_its_reason_unless_its_name_allows_it(record, name):
    other = changed(record, name)
    assert list(differences(record, other)) == [name]
    with pytest.raises(InputError, match=f"not comparable: {name}: .*--allow {name}") as caught:
        check(record, other, frozenset())
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="not comparable"):
        check(record, other, frozenset(NAMES) - {name})
    assert list(check(record, other, frozenset({name}))) == [name]


def test_a_record_is_comparable_with_itself(record):
    assert check(record, record, frozenset()) == {}


def test_a_checksum_that_was_not_recorded_could_be_any_but_in_the_same_bundle(record):
    old = record.model_copy(update={"bundle": record.bundle.model_copy(update={"eval_sha256": None})})
    assert differences(old, record) == {}
    other = old.model_copy(update={"bundle": old.bundle.model_copy(update={"manifest_sha256": "e" * 64})})
    assert differences(record, other) == {"data": "the checksum of eval.npz was not recorded in B"}


def test_records_of_two_kinds_and_names_that_mean_nothing(record):
    manifest = Manifest.from_file(MANIFEST)
    with pytest.raises(InputError, match="A is a bench record and B a manifest record"):
        check(record, manifest, frozenset())
    with pytest.raises(InputError, match="unknown name in --allow 'gouvernor'; did you mean 'governor'"):
        check(record, record, frozenset({"gouvernor"}))


def test_builds_on_other_data_are_not_comparable():
    manifest = Manifest.from_file(MANIFEST)
    other = manifest.model_copy(update={"data": manifest.data.model_copy(update={"sha256": "0" * 64})})
    assert list(differences(manifest, other)) == ["data"]
    assert differences(manifest, manifest) == {}
