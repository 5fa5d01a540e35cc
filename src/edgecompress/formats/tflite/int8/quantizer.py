"""Google's quantiser for TFLite as a program: ``python -m ... FLOAT.tflite INPUTS.npy WRITTEN.tflite``."""

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

from edgecompress.int8.program import TFLITE_QUANTIZERS, tflite_quantizer


def main(arguments: list[str]) -> int:
    """Write the int8 model; 0, or 1 with the reason as the last line of stderr."""
    source, inputs, written = arguments
    try:
        Path(written).write_bytes(_quantized(Path(source).read_bytes(), np.load(inputs, allow_pickle=False)))
    except Exception as error:  # the quantiser's errors have no common type
        sys.stderr.write("\n" + " ".join(f"{type(error).__name__}: {error}".split()) + "\n")
        return 1
    return 0


def _quantized(model: bytes, x: Any) -> bytes:
    package = TFLITE_QUANTIZERS[tflite_quantizer()]
    part = {name: importlib.import_module(f"{package}.{name}") for name in ("calibrator", "qtyping", "quantizer")}
    recipe, manager = (importlib.import_module(f"{package}.{name}") for name in ("recipe", "recipe_manager"))
    chosen = manager.RecipeManager()
    chosen.load_quantization_recipe(recipe.static_wi8_ai8())
    for end in ("INPUT", "OUTPUT"):  # float32, as in every other file of a bundle
        chosen.add_quantization_config(".*", part["qtyping"].TFLOperationName(end), algorithm_key="no_quantize")
    calibrator = part["calibrator"].Calibrator(model, num_threads=1, qsv_update_func=_range)
    ((signature, ends),) = calibrator.get_signature_list().items()
    (name,) = ends["inputs"]
    calibrator.calibrate({signature: [{name: row[np.newaxis]} for row in x]}, chosen)
    quantizer = part["quantizer"].Quantizer(model, chosen.get_quantization_recipe())
    made = quantizer.quantize(calibrator.get_model_qsvs(), enable_progress_bar=False, enable_progress_report=False)
    return bytes(made.quantized_model)


def _range(seen: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The range of a tensor over all samples. The quantiser's default, a moving average of each sample's, cuts it."""
    if not seen:
        return new
    return {"min": np.minimum(seen["min"], new["min"]), "max": np.maximum(seen["max"], new["max"])}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
