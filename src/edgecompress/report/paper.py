"""The figures that the paper publishes: its abstract. Tables, schedules and bit widths are not public.

Y. Tian, Y. Luan, X. Zheng, "An Empirical Study on Model Pruning and Quantization", BROADNETS 2022,
doi 10.1007/978-3-031-40467-2_7.
"""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

CITATION = "Tian, Luan, Zheng, BROADNETS 2022, doi 10.1007/978-3-031-40467-2_7; abstract only"
RATIO = 10.0
NETWORKS = ("alexnet", "resnet18", "vgg16bn", "vgg19bn")


class PaperFigures(NamedTuple):
    """The headline figures for a kind of data."""

    kind: str
    ratio: float  # how the paper counts it (weights kept, indices included or not) is not public
    drop: str  # average drop in accuracy; whether in points or relative is not public
    points: float  # that figure as a number, taken as points; a bound where the paper says "below"


SPATIAL = PaperFigures("spatial data (Fashion-MNIST, CIFAR-10)", RATIO, "< 0.5 %", 0.5)
TEMPORAL = PaperFigures("temporal data (UCI-HAR)", RATIO, "about 5.0 %", 5.0)
_OF_DATA = {"fashion-mnist": SPATIAL, "cifar-10": SPATIAL, "uci-har": TEMPORAL}


def published(data: str) -> PaperFigures | None:
    """The paper's figures for the data set of that name; ``None`` for data that the paper does not have."""
    return _OF_DATA.get("-".join(data.lower().replace("_", " ").replace("-", " ").split()))


def gained(kind: PaperFigures, drops: Sequence[float]) -> str | None:
    """The gains that an average hides: how many gained, and what the others lost; ``None``: there are not both."""
    lost = [drop for drop in drops if drop > 0]
    if not lost or len(lost) == len(drops):
        return None
    return (
        f"{len(drops) - len(lost)} of {len(drops)} on {kind.kind} gained; the others lost "
        f"{statistics.fmean(lost):.2f} points on average."
    )


class DeepCompression(NamedTuple):
    """The figures of Deep Compression for one network: dense bytes over stored bytes after each of its steps."""

    network: str
    pruned: float
    shared: float  # and quantised by shared weights
    coded: float  # and Huffman-coded


DEEP_COMPRESSION_CITATION = "Han, Mao, Dally, ICLR 2016: ImageNet, without loss of accuracy; sizes of storage"
DEEP_COMPRESSION = (DeepCompression("AlexNet", 9, 27, 35), DeepCompression("VGG-16", 13, 31, 49))
