"""The identity of a record: a checksum over what its document says, however it is laid out."""

import hashlib
import json

SHORT = 12  # digits of an id that are shown; any beginning that is one record's alone names it


def checksum(text: str | bytes) -> str:
    """SHA-256, hexadecimal, of a JSON document with its keys sorted and no white space: the id of its record."""
    plain = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
