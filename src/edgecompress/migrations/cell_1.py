"""Version 2 of a cell's record has the sizes of its files by format, so that a format more is an entry more."""

from typing import Any


def cell_1(document: dict[str, Any]) -> dict[str, Any]:
    """``document`` with its sizes by format: of TFLite files neither a container nor a bound was recorded."""
    outcome = document.get("outcome")
    if outcome is None:
        return {**document, "schema_version": 2}
    old = outcome["sizes"]
    sizes = {
        "onnx": {
            "runtime": "onnxruntime",
            "dense": old["dense_onnx"],
            "compressed": old["onnx"],
            "container": old["container"],
            "entropy_bound": old["entropy_bound"],
        },
        "tflite": {
            "runtime": "litert",
            "dense": old["dense_tflite"],
            "compressed": old["tflite"],
            "container": None,
            "entropy_bound": None,
        },
    }
    return {**document, "schema_version": 2, "outcome": {**outcome, "sizes": sizes}}
