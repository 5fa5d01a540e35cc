"""The kinds of model files of a bundle, and what they are called."""

from typing import Literal

Kind = Literal["dense", "compressed", "int8", "dense-int8", "float16"]
"""What a model file holds: the network before and after compression, each of both quantised to int8, and the compressed
one to be computed in float16."""

STEMS: dict[Kind, str] = {
    "dense": "dense",
    "compressed": "model",
    "int8": "model-int8",
    "dense-int8": "dense-int8",
    "float16": "model-fp16",
}
"""The names of the model files, without the suffix of their format."""

COMPRESSED: tuple[Kind, ...] = ("compressed", "int8", "float16")
"""What a bundle is made for: files of the compressed network, each with its container."""
