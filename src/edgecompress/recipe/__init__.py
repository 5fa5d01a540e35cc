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
from edgecompress.recipe.reading import GENERIC, UNTRAINED, complete, default_name, load, untrained
from edgecompress.recipe.stages import (
    CentroidDtype,
    Clustering,
    Pruning,
    Retraining,
    StageSettings,
    Structure,
    Training,
)

__all__ = [
    "GENERIC",
    "KINDS",
    "UNTRAINED",
    "CentroidDtype",
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
    "StageSettings",
    "Structure",
    "Training",
    "complete",
    "deciding",
    "default_name",
    "load",
    "untrained",
]
