"""The TFLite schema: the classes that ai-edge-litert generates from the flatbuffer schema and ships."""

import importlib
from types import ModuleType

from edgecompress.errors import MissingDependencyError


def schema() -> ModuleType:
    """The generated schema classes.

    Raises:
        MissingDependencyError: ai-edge-litert is not installed.
    """
    try:
        return importlib.import_module("ai_edge_litert.schema_py_generated")
    except ImportError as error:
        raise MissingDependencyError(
            "TFLite files are written and read with ai-edge-litert; run: pip install 'edgecompress[bench]'"
        ) from error
