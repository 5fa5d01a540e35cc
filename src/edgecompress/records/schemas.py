"""The JSON schemas of all documents that this package reads and writes, made from the classes that read them."""

import json
import typing
from typing import Any, NamedTuple

from edgecompress import methods
from edgecompress.errors import InputError
from edgecompress.recipe import Recipe
from edgecompress.record import Record
from edgecompress.records import kinds
from edgecompress.target import Target

DIALECT = "https://json-schema.org/draft/2020-12/schema"
UNVERSIONED = 1
"""The version of what has no field ``schema_version``."""


class DocumentKind(NamedTuple):
    """A kind of document: the class that reads it, where a user meets it, and the keys that its file's name gives."""

    record: type[Record]
    where: str
    named: frozenset[str] = frozenset()


_WHERE = {
    "manifest": "a bundle: BUNDLE/manifest.json",
    "bench": "a benchmark: BUNDLE/bench/*.json",
    "search": "a search: search.json",
    "front": "the front of a search: front.json",
    "cell": "a cell of a study: *-seedN.json",
    "study": "the cells of a study: index.json",
    "micro": "a micro-benchmark: advise --measure",
    "advice": "advice: advise --json",
    "compare": "two records compared: compare --json",
}
DOCUMENTS = {
    "recipe": DocumentKind(Recipe, "a whole recipe, in TOML: --recipe"),
    "target": DocumentKind(Target, "a board's profile, in TOML: --target", frozenset({"name"})),
    **{name: DocumentKind(each, _WHERE[name]) for name, each in kinds.KINDS.items()},
}
"""By the names that ``docs/schema`` has them under."""


def text(name: str) -> str:
    """The JSON schema of a kind of document, as indented JSON with a final newline.

    Its ``$id`` is ``urn:edgecompress:schema:NAME:VERSION``, with the version of the format: what a document has as its
    ``schema_version``.

    Raises:
        InputError: there is no such kind; the line lists them and the closest one.
    """
    if name not in DOCUMENTS:
        raise InputError(methods.unknown("schema", name, list(DOCUMENTS)))
    record, _, named = DOCUMENTS[name]
    schema = record.model_json_schema()
    schema["required"] = [key for key in schema["required"] if key not in named]
    head: dict[str, Any] = {"$schema": DIALECT, "$id": f"urn:edgecompress:schema:{name}:{_version(record)}"}
    return json.dumps(head | schema, indent=2) + "\n"


def _version(record: type[Record]) -> int:
    field = record.model_fields.get("schema_version")
    return int(typing.get_args(field.annotation)[0]) if field else UNVERSIONED
