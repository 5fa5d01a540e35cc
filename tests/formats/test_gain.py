import pytest

from edgecompress.encode.ledger import Ledger, TensorEntry
from edgecompress.formats.gain import declined


def ledger(file_bytes, encoding, elements=10**6):
    entry = TensorEntry(
        name="w", shape=(elements,), dtype="float32", elements=elements, nonzero=1, distinct=2, encoding=encoding,
        bytes=file_bytes, entropy_bytes=1,
    )  # fmt: skip
    return Ledger(tensors=(entry,), file_bytes=file_bytes)


@pytest.mark.parametrize(
    ("file_bytes", "encoding", "said"),
    [
        (400_000, "rice3+packed5", None),
        (3_950_000, "packed8", "1.2 % smaller, which is too little"),
        (3_870_000, "packed8", "longer than reading 130,000 bytes"),  # 130,000 bytes are 13 ms, a million elements 20
        (3_500_000, "wavelet1", "longer than reading"),  # 50 ms against 60
        (3_500_000, "packed7", None),
        (3_700_000, "packed8", None),  # 30 ms against 20, and against 40 where each channel has a codebook
        (3_700_000, "packed8+channel codebooks", "longer than reading 300,000 bytes"),
        (3_870_000, "raw+channel codebooks", "longer than reading"),
        (4_000_000, "raw", ""),
        (4_100_000, "packed8", ""),
    ],
)
def test_what_is_not_worth_its_load_is_declined(file_bytes, encoding, said):
    why = declined(ledger(file_bytes, encoding), 4_000_000, any_gain=False)
    assert (why is None) == (said is None)
    assert (said or "") in (why or "")
    asked = declined(ledger(file_bytes, encoding), 4_000_000, any_gain=True)
    assert asked == ("" if said == "" else None)
