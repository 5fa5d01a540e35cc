"""The store's tables. All but the documents is made from them, so that a later layout can be made anew from these."""

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

LAYOUT = 1  # of these tables; a store of a newer one is refused

METADATA = MetaData()
LAYOUTS = Table("edgecompress_layout", METADATA, Column("layout", Integer, primary_key=True))
RECORDS = Table(
    "edgecompress_records",
    METADATA,
    Column("id", String(64), primary_key=True),  # the document's checksum, see document.checksum
    Column("kind", String, nullable=False),
    Column("schema_version", Integer, nullable=False),  # of the document as it was given
    Column("created", String, nullable=False),  # UTC, ISO 8601; where the document has none, when it was stored
    Column("model", String, nullable=False),
    Column("data", String, nullable=False),
    Column("device", String, nullable=False),
    Column("target", String, nullable=False),
    Column("taken", String, nullable=False),
    Column("document", Text, nullable=False),  # the JSON text as it was given
    *(Index(f"edgecompress_by_{name}", name) for name in ("kind", "created", "model", "data", "device", "target")),
)
RUNTIMES = Table(
    "edgecompress_runtimes",
    METADATA,
    Column("id", String(64), ForeignKey(RECORDS.c.id), primary_key=True),
    Column("runtime", String, primary_key=True),
)
