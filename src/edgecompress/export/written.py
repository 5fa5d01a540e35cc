"""A network as a file of some format, right on every processor."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import onnx_ir as ir

from edgecompress.encode.ledger import Ledger
from edgecompress.errors import InputError, MissingDependencyError, NoFormError
from edgecompress.formats.contract import FinishedFile, Format
from edgecompress.recipe import Export


def written(graph: ir.Model, path: Path, kind: Format, settings: Export, *, compress: bool) -> FinishedFile:
    """Write the network as it is, and see that a compressed file is right on other processors too.

    Raises:
        NoFormError: the format cannot express it.
        CheckError: the file is wrong on such processors.
    """
    write = writer(graph, kind, settings, compress=compress)
    try:
        if kind.finish is None or not compress:
            return FinishedFile(write(path))
        return kind.finish(write, path, settings)
    except MissingDependencyError:
        raise
    except InputError as error:
        raise NoFormError(str(error)) from error


def writer(graph: ir.Model, kind: Format, settings: Export, *, compress: bool) -> Callable[..., Ledger]:
    """A function that writes the network to a path; keywords are options of its format."""
    return partial(kind.write, graph, compress=compress, encoding=settings.encoding, **kind.options(settings))
