import pytest

import edgecompress as ec
from edgecompress.errors import InputError
from edgecompress.store.keep import keep


def test_advice_from_a_record_of_the_store(micro_record, tmp_path):
    store = str(tmp_path / "store")
    with pytest.raises(InputError, match="no record of alexnet like this is in the store"):
        ec.advise("alexnet", "rpi4", width=0.125, store=store)
    number = keep(micro_record, store, file=None, warn=pytest.fail)
    found = ec.advise("alexnet", "rpi4", width=0.125, store=store)
    assert (found.record, found.on_target) == (number, False)
    assert {line.change for line in found.lines} == {each.change for each in micro_record.variants.values()} - {"none"}


def test_what_is_wrong_is_one_line(tmp_path):
    with pytest.raises(InputError, match="unknown target 'rpi6'"):
        ec.advise("alexnet", "rpi6")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is not a folder that can be written to"):
        ec.advise("alexnet", "rpi4", measure=True, output=tmp_path / "file" / "r.json", store="none")


def test_a_microcontroller_has_nothing_to_advise_from():
    with pytest.raises(InputError, match=r"advise goes by measurements.*: cortex-m has no Linux"):
        ec.advise("alexnet", "cortex-m")
