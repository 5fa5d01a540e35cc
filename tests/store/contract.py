"""What every store does, whatever database it is in."""

import pytest

from edgecompress.errors import InputError


def later(record, **changed):
    return record.model_copy(update={"created": "2999-01-01T00:00:00+00:00", **changed})


def holds(store, bench_record, manifest):
    first, new = store.add(bench_record)
    assert new
    assert store.add(bench_record) == (first, False)
    second, _ = store.add(manifest)
    third, _ = store.add(later(bench_record, taken="emulated"))

    assert [entry.id for entry in store.find()] == [third, *sorted_by_date(first, second, bench_record, manifest)]
    assert [entry.id for entry in store.find(kind="manifest")] == [second]
    assert [entry.id for entry in store.find(kind="bench", taken="measured")] == [first]
    assert [entry.id for entry in store.find(model="alexnet", limit=1)] == [third]
    assert store.find(model="resnet18") == []
    assert {entry.id for entry in store.find(runtime="litert")} == {first, second, third}
    assert store.find(runtime="tvm") == []
    (entry,) = store.find(kind="bench", taken="measured")
    assert (entry.device, entry.target, entry.data) == ("local", "rpi4", "Digits")
    assert entry.runtimes == ("litert", "onnxruntime")

    assert store.get(first[:10]) == (entry, bench_record.to_json())
    assert store.get(first.upper())[0] == entry
    with pytest.raises(InputError, match=r"no record in .* has the id 'zz'"):
        store.get("zz")
    for wild in ("", "%", "_"):
        with pytest.raises(InputError, match="no record"):
            store.get(wild)


def sorted_by_date(first, second, bench_record, manifest):
    return [first, second] if bench_record.created > manifest.created else [second, first]
