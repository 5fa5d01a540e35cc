"""A network in a ``.pt2`` file: a program that ``torch.export.save`` wrote.

``torch.export.load`` unpickles what an archive holds as pickles: weights of unusual kinds, objects, the example inputs
where reading them safely fails; and it loads compiled code. So an archive is opened only if all that is in it is
numbers and JSON, and its example inputs can be read as tensors and nothing else. The program becomes an ONNX graph, and
that a module: a program's own module can neither train nor switch Dropout and BatchNorm, and has no layers.
"""

import io
import json
import pickle
import re
import zipfile
from pathlib import Path

import onnx_ir as ir
import torch

from edgecompress.bundle import digest
from edgecompress.errors import InputError
from edgecompress.manifest import End
from edgecompress.sources import onnx_cleanup
from edgecompress.sources.model import Model
from edgecompress.sources.onnx_file import from_graph
from edgecompress.sources.to_onnx import OPSET, quiet

_HARMLESS = re.compile(
    r"(data/weights/weight_\d+|data/constants/tensor_\d+|data/(weights|constants)/\w+_config\.json"
    r"|models/\w+\.json|archive_format|archive_version|byteorder|version|\.data/\w+|\.format_version"
    r"|\.storage_alignment|extra/.*)"
)
_EXAMPLES = re.compile(r"data/sample_inputs/\w+\.pt")


def program(path: Path, shapes: tuple[End, ...]) -> Model:
    """The network in the exported program ``path``.

    Raises:
        InputError: it cannot be read, holds what would be unpickled or run, or cannot be written as ONNX.
    """
    check(path)
    try:
        loaded = torch.export.load(path)
    except Exception as error:  # of many kinds
        raise InputError(
            f"cannot read {path}: {_line(error)}; save it again with this PyTorch, {torch.__version__}"
        ) from error
    try:
        with quiet():
            made = torch.onnx.export(loaded, dynamo=True, optimize=False, verbose=False, opset_version=OPSET)
    except Exception as error:
        raise InputError(f"{path} cannot be written as ONNX: {_line(error.__cause__ or error)}") from error
    assert made is not None
    model: ir.Model = made.model
    from onnxscript import optimizer

    optimizer.fold_constants(model)
    onnx_cleanup.clean(model, loaded.state_dict.keys(), normalise=False)
    _inference(model)
    return from_graph(str(path), digest(path), model, shapes)


def check(path: Path) -> None:
    """Make sure that nothing in the archive ``path`` is unpickled or run when it is loaded.

    Raises:
        InputError: it is no such archive, or something would be.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                inside = name.partition("/")[2]
                if _EXAMPLES.fullmatch(inside):
                    torch.load(io.BytesIO(archive.read(name)), weights_only=True)
                elif not _HARMLESS.fullmatch(inside):
                    raise InputError(
                        f"{path} holds {inside or name}, which torch.export.load would unpickle or run; no pickle is "
                        "loaded here: save the program again with torch.export.save of PyTorch 2.9 or later"
                    )
                elif inside.endswith("_config.json"):
                    _check_config(path, json.loads(archive.read(name)))
    except pickle.UnpicklingError as error:
        raise InputError(
            f"the example inputs in {path} are more than tensors, and no pickle is loaded here; export it with tensors"
        ) from error
    except (OSError, zipfile.BadZipFile, ValueError, RuntimeError, EOFError) as error:
        raise InputError(f"cannot read {path} (torch.export.save writes such files): {_line(error)}") from error


def _check_config(path: Path, config: object) -> None:
    entries = config.get("config", {}) if isinstance(config, dict) else {}
    for name, entry in entries.items():
        if entry.get("use_pickle"):
            raise InputError(f"{path} holds '{name}' as a pickle, and no pickle is loaded here; use plain tensors")


def _inference(model: ir.Model) -> None:
    """Dropout of a program that was exported while it trained: it drops when the network trains, and only then."""
    for node in model.graph:
        if node.op_type == "Dropout" and len(node.inputs) == 3:
            node.resize_inputs(2)
    for name in [name for name, value in model.graph.initializers.items() if not value.uses()]:
        del model.graph.initializers[name]


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
