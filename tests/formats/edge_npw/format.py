"""The format: everything that edgecompress asks of it."""

import numpy as np

from edge_npw import file
from edgecompress import record
from edgecompress.encode.ledger import Ledger, TensorEntry
from edgecompress.equivalence import prove
from edgecompress.equivalence.attempts import GraphInput, attempts
from edgecompress.equivalence.proof import Written
from edgecompress.errors import CheckError, InputError
from edgecompress.formats.contract import EXACT, FileSignature, Format
from edgecompress.formats.gain import declined


def write(model, path, *, compress, encoding="smallest"):
    layers, arrays = [], {}
    for node in model.graph:
        if node.op_type == "Relu":
            layers.append("relu")
        elif node.op_type == "Gemm":
            layers.append([*(str(value.name) for value in node.inputs[1:]), node.attributes.get_int("transB", 0)])
            arrays |= {str(value.name): value.const_value.numpy() for value in node.inputs[1:]}
        else:
            raise InputError(f"a .npw file has no {node.op_type}")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise InputError("weights are NaN or infinite")
    record.write_atomically(path, file.dumps(layers, arrays, compress=compress))
    return inspect(path)


def inspect(path):
    entries = [TensorEntry.of(name, array, encoding="deflate", stored=array.nbytes) for name, array in read(path)]
    return Ledger(tensors=tuple(entries), file_bytes=path.stat().st_size)


def read(path):
    yield from file.load(path)[1].items()


def signature(path):
    layers, arrays = file.load(path)
    return FileSignature({"x": (None, len(file.matrix(layers[0], arrays)))}, ["y"])


def pack(source, target, *, encoding, shapes, any_gain):
    packed = file.dumps(*file.load(source), compress=True)
    record.write_atomically(target, packed)
    ledger = inspect(target)
    why = declined(ledger, source.stat().st_size, any_gain=any_gain)
    if why is not None:
        record.write_atomically(target, source.read_bytes())
        return Written(inspect(target), None, why)
    return Written(ledger, same(target, source, shapes=shapes)[0])


def same(path, source, *, shapes):
    held, given = dict(read(path)), dict(read(source))
    for name, array in given.items():
        if not np.array_equal(held.get(name), array):
            raise CheckError(f"{path}: weight '{name}' is another; it is another model")
    inputs = [GraphInput("x", signature(source).inputs["x"], {}, whole=False)]

    def run(of, tries):
        x = np.random.default_rng(0).normal(size=tries[0].shapes["x"]).astype(np.float32)
        return prove.ProofRun({"y": file.run(*file.load(of), x)})

    both = prove.Files(source, path, "NumPy")
    proof = prove.prove(
        both, lambda tries: run(source, tries), lambda tries: run(path, tries), np.array_equal,
        tries=attempts(inputs, shapes),
    )  # fmt: skip
    return proof, len(given)


FORMAT = Format(
    name="npw",
    title="NumPy weights",
    runtime="numpy",
    package="numpy",
    layout="channels_first",
    tolerances={"float32": EXACT},
    write=write,
    read=read,
    inspect=inspect,
    pack=pack,
    same=same,
    signature=signature,
    runs_in=lambda _: ["numpy"],
    arrays=lambda _: ((), {}),
    recognise=lambda start: start == file.MARK,
)
