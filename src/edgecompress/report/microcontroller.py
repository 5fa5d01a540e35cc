"""A microcontroller's file in sentences: flash, RAM, its proof, and what Vela estimates."""

from edgecompress.export.microcontroller.records import MicrocontrollerProof, VelaEstimate
from edgecompress.manifest import Manifest
from edgecompress.report.numbers import significant


def sentences(manifest: Manifest) -> list[str]:
    """The figures of each file that runs on a microcontroller; none in other bundles."""
    found = []
    for name, file in manifest.models.items():
        if file.microcontroller is None:
            continue
        version = file.verification.version
        found.append(_memory(name, file.bytes, file.microcontroller, version))
        found.append(_decoding(file.microcontroller) if file.microcontroller.decodes else _proof(file.microcontroller))
        if file.microcontroller.vela is not None:
            found.append(estimate(file.microcontroller.vela))
    return found


def _memory(name: str, size: int, proof: MicrocontrollerProof, version: str) -> str:
    changing = proof.arena_bytes - proof.persistent_bytes
    arena = f"a tensor arena of {proof.arena_bytes:,} bytes in tflite-micro {version} on this machine"
    what = "activations and decoded weights" if proof.decodes else "activations"
    parts = f"{changing:,} of {what}; the rest holds pointers, which a 32-bit processor has half as long"
    return f"{name}: {size:,} bytes of flash; {arena} ({parts})."


def _proof(proof: MicrocontrollerProof) -> str:
    if not proof.differing:
        equal = "equals LiteRT's reference kernels in every output"
    else:
        equal = (
            f"differs from LiteRT's reference kernels in {100 * proof.differing:.2g} % of outputs, by at most "
            f"{significant(proof.largest_steps)} steps of int8"
        )
    return f"It {equal} ({proof.compared} samples). Operators: {', '.join(proof.operators)}."


def _decoding(proof: MicrocontrollerProof) -> str:
    return (
        "Its weights lie coded in flash, and the operator TFLM_DECODE decodes each before the layer that reads it, at "
        "every inference, which takes time; outputs are bit by bit those of the plain file. Operators: "
        f"{', '.join(proof.operators)}."
    )


def estimate(found: VelaEstimate) -> str:
    """The sentence of what Vela estimates of a file."""
    if not found.encoded_weight_bytes and found.on_cpu:
        return (
            f"Vela {found.version} leaves all {len(found.on_cpu)} operators to the processor beside an {found.npu}: it "
            "compiles int8 alone, weights and activations; quantise the network to int8 before."
        )
    dense = found.dense_encoded_weight_bytes
    smaller = "" if dense is None else f"{dense / found.encoded_weight_bytes:.1f}x"
    beside = "" if dense is None else f" (the dense network's in int8: {dense:,}, {smaller})"
    stay = ", ".join(found.on_cpu) or "none"
    return (
        f"Estimates of Vela {found.version} for {found.npu} ({found.system}, {found.memory_mode}), not measured: "
        f"{found.encoded_weight_bytes:,} bytes of encoded weights{beside}; {found.file_bytes:,} bytes of flash for the "
        f"compiled file; {found.sram_bytes:,} bytes of SRAM; {found.cycles:,} cycles, "
        f"{1000 * found.inference_seconds:.3g} ms. Operators on the processor: {stay}."
    )
