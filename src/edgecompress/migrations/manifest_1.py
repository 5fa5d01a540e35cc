"""Version 2 of a manifest has the ratios of its files by format, so that a format more is an entry more."""

from typing import Any


def manifest_1(document: dict[str, Any]) -> dict[str, Any]:
    """``document`` with its ratios by format."""
    old = document["ratios"]
    files = {name: old[name] for name in ("onnx", "tflite") if old[name] is not None}
    ratios = {key: value for key, value in old.items() if key not in ("onnx", "tflite")}
    return {**document, "schema_version": 2, "ratios": {**ratios, "files": files}}
