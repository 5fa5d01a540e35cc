"""The same model as others store it: float16, onnxruntime's sparse initialisers, int8, and general compressors."""

import gzip
import lzma
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def float16(dense: Path, path: Path) -> None:
    """Every weight as float16 and a Cast."""
    proto = onnx.load(dense)
    casts = []
    for tensor in proto.graph.initializer:
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{tensor.name}.half")
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
        tensor.CopyFrom(half)
    _prepend(proto, casts)
    path.write_bytes(proto.SerializeToString())


def sparse(dense: Path, path: Path) -> None:
    """ONNX's sparse initialisers, which onnxruntime reads: 4 bytes a value and 4 its place, as small as it accepts."""
    proto = onnx.load(dense)
    kept = []
    for tensor in proto.graph.initializer:
        array = numpy_helper.to_array(tensor)
        places = np.flatnonzero(array)
        if 2 * len(places) > array.size:
            kept.append(tensor)
            continue
        values = numpy_helper.from_array(array.reshape(-1)[places], tensor.name)
        indices = numpy_helper.from_array(places.astype(np.int32), "")
        # onnxruntime reads int32 indices from raw data, although the standard says int64.
        proto.graph.sparse_initializer.append(onnx.SparseTensorProto(values=values, indices=indices, dims=array.shape))
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(kept)
    path.write_bytes(proto.SerializeToString())


def int8(dense: Path, path: Path) -> None:
    """Static quantisation by onnxruntime's own tool: int8 weights with a scale a channel, int8 activations."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Noise(CalibrationDataReader):
        def __init__(self) -> None:
            random = np.random.default_rng(0)
            self.batches = [random.standard_normal((1, 3, 32, 32)).astype(np.float32) for _ in range(8)]

        def get_next(self) -> dict[str, np.ndarray] | None:
            return {"x": self.batches.pop()} if self.batches else None

    prepared = path.with_suffix(".prepared.onnx")
    quant_pre_process(str(dense), str(prepared), skip_symbolic_shape=True)
    quantize_static(str(prepared), str(path), Noise(), quant_format=QuantFormat.QDQ, per_channel=True)
    prepared.unlink()


def compressed(dense: Path) -> dict[str, int | None]:
    """Bytes of the dense file in general compressors; ``None`` where one is not installed."""
    data = dense.read_bytes()
    sizes: dict[str, int | None] = {"gzip -9": len(gzip.compress(data, 9))}
    try:
        import zstandard

        sizes["zstd -19"] = len(zstandard.ZstdCompressor(level=19).compress(data))
    except ImportError:
        sizes["zstd -19"] = None
    sizes["xz"] = len(lzma.compress(data))
    return sizes


def _prepend(proto: onnx.ModelProto, nodes: list[onnx.NodeProto]) -> None:
    rest = list(proto.graph.node)
    del proto.graph.node[:], proto.graph.value_info[:]
    proto.graph.node.extend([*nodes, *rest])
