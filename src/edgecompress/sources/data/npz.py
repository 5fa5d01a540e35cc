"""An ``.npz`` file: x and y, and x_test, y_test and classes if they are there."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgecompress.agent.inputs import BROKEN_NPZ
from edgecompress.bundle import digest
from edgecompress.errors import InputError
from edgecompress.manifest import End
from edgecompress.sources.data.samples import Samples, from_arrays


def npz(path: Path, inputs: Sequence[End], *, targets: bool = False) -> Samples:
    """The samples in ``path``; see ``from_arrays``. Nothing in it is unpickled.

    Raises:
        InputError: it cannot be read, or does not hold samples.
    """
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise InputError(f"{path} is one array without a name; write it with numpy.savez(..., x=x, y=y)")
        with archive:
            arrays = {name: archive[name] for name in archive.files}
        # Of a member that is no array numpy gives the bytes.
        other = next((name for name, array in arrays.items() if not isinstance(array, np.ndarray)), None)
        if other is not None:
            raise InputError(f"cannot read {path} (numpy.savez writes such files): its member '{other}' is no array")
    except BROKEN_NPZ as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"cannot read {path} (numpy.savez writes such files): {reason}") from error
    return from_arrays(str(path), arrays, inputs, digest(path), f"arrays of {path.name}", targets=targets)
