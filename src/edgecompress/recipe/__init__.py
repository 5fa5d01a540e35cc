"""Recipes: how a network is trained and compressed, one TOML file each; ``recipes/`` holds the defaults."""

from edgecompress.recipe.document import (
    KINDS,
    Distillation,
    Export,
    Inputs,
    Layer,
    Recipe,
    Reconstruction,
    Search,
    deciding,
)
from edgecompress.recipe.reading import complete, default_name, load, untrained
from edgecompress.recipe.stages import Clustering, Pruning, Retraining, Stage, Structure, Training

__all__ = [
    "KINDS",
    "Clustering",
    "Distillation",
    "Export",
    "Inputs",
    "Layer",
    "Pruning",
    "Recipe",
    "Reconstruction",
    "Retraining",
    "Search",
    "Stage",
    "Structure",
    "Training",
    "complete",
    "deciding",
    "default_name",
    "load",
    "untrained",
]
