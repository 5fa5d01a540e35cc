"""A network of foreign_networks.py as litert-torch converts it, channels last like our files.

    python benchmarks/convert_with_litert_torch.py NETWORK SIZE WEIGHTS.safetensors FILE.tflite

A process of its own, with the Python of whatever environment litert-torch is installed in.
"""

import sys
from pathlib import Path

import litert_torch
import torch
from foreign_networks import NETWORKS
from safetensors.torch import load_file


def main() -> None:
    name, size, weights, file = sys.argv[1:]
    wanted = NETWORKS[name]
    module = wanted.make(int(size))
    module.load_state_dict(load_file(weights))
    sample = torch.zeros(1, *wanted.input_shape(int(size)))
    module.eval()
    if sample.ndim == 4:
        outputs = [0] if module(sample).ndim == 4 else None
        module = litert_torch.to_channel_last_io(module, args=[0], outputs=outputs)
        sample = sample.permute(0, 2, 3, 1).contiguous()
    litert_torch.convert(module, (sample,)).export(str(Path(file)))


if __name__ == "__main__":
    main()
