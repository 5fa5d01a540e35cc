"""The reconstruction errors of layers' outputs, as a stage's result gives them."""

from typing import Any


class Errors:
    """The errors of layers, each a fraction of the variance of the layer's outputs in the dense network."""

    def __init__(self) -> None:
        self.layers: dict[str, tuple[float, float]] = {}

    def add(self, name: str, plain: float, reconstructed: float) -> None:
        """Take in a layer: its error without and with reconstruction, on the same inputs."""
        self.layers[name] = (plain, reconstructed)

    def details(self) -> dict[str, Any]:
        """Fields of a stage's details: means over the layers, and the worst layer; nothing where there is no layer."""
        if not self.layers:
            return {}
        plain, reconstructed = zip(*self.layers.values(), strict=True)
        worst = max(self.layers, key=lambda name: self.layers[name][1])
        return {
            "error_plain": sum(plain) / len(plain),
            "error": sum(reconstructed) / len(reconstructed),
            "worst_layer": worst,
            "worst_error": self.layers[worst][1],
        }
