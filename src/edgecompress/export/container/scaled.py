"""Finding one codebook behind those of all channels, of which each was multiplied by a factor and rounded."""

from dataclasses import dataclass

import numpy as np

from edgecompress.agent.ecz.limits import CODEBOOK_ENTRIES
from edgecompress.agent.ecz.rans import Array
from edgecompress.agent.ecz.values import scale_type, scaled_entries

_TOLERANCE = 2.0**-8
"""Relative error up to which an entry is taken for a multiple of a base entry; float16 rounds by up to 2^-11."""
_CANDIDATES, _TRIED = 12, 1 << 11
"""Base entries that may be a channel's largest: so many at least, and as many as make so many values to compare."""
_ROUNDS = 6


@dataclass(frozen=True, eq=False)
class Fit:
    """entry = round(base[j] * scale[c]) + correction[c, j]; ``index`` is the j of each of the given entries."""

    base: Array
    scales: Array
    corrections: Array
    index: Array


def fit(entries: Array, channel: Array, channels: int) -> Fit | None:
    """The scaled codebook of ``entries`` (patterns of float16 or float32, distinct in each channel), if there is one.

    ``channel`` rises. The arrays of the result have shapes (k,), (channels,), (channels * k,) and that of ``entries``.
    """
    width = 8 * entries.itemsize
    with np.errstate(invalid="ignore"):  # a signalling NaN
        values = entries.view(f"<f{width // 8}").astype(np.float64)
    sizes = np.bincount(channel, minlength=channels)
    if not np.isfinite(values).all() or int(sizes.max()) * channels > CODEBOOK_ENTRIES:
        return None
    starts = np.cumsum(sizes) - sizes
    reference = int(sizes.argmax())
    base = np.sort(values[starts[reference] : starts[reference] + sizes[reference]])
    most = 2 * len(base)
    scales, index = np.ones(channels), np.zeros(len(values), np.int64)
    known = False
    while not known:
        known = True
        for number in sizes.nonzero()[0]:
            own = slice(starts[number], starts[number] + sizes[number])
            scales[number], index[own], missing = _scale(values[own], base)
            if len(missing):
                # No channel need have all entries: what this one has and none before it joins the base.
                base, known = np.union1d(base, missing), False
            if len(base) > most or len(base) * channels > CODEBOOK_ENTRIES:
                return None
    half = np.spacing(np.abs(values).astype(f"<f{width // 8}")).astype(np.float64) / 2
    for _ in range(_ROUNDS):
        base = _middle(values, half, scales[channel], index, base)
        scales = _middle(values, half, base[index], channel, scales)
    base, scales = base.astype(scale_type(width)), scales.astype(scale_type(width))
    corrections = np.zeros(channels * len(base), np.int64)
    places = channel * len(base) + index
    if len(np.unique(places)) < len(places):
        return None
    corrections[places] = (
        entries.astype(np.int64) - scaled_entries(base, scales, corrections, width).astype(np.int64)[places]
    )
    return Fit(base, scales, corrections, index) if np.abs(corrections).max() < 1 << 20 else None


def _scale(values: Array, base: Array) -> tuple[float, Array, Array]:
    """The factor that makes multiples of base entries of the most values; which entries; and which are missing."""
    largest = values[np.abs(values).argmax()]
    likely = base[np.argsort(-np.abs(base))[: max(_CANDIDATES, _TRIED // len(values))]]
    factors = largest / likely[likely != 0] if largest else np.ones(1)
    wanted = values / factors[:, np.newaxis]
    after = np.searchsorted(base, wanted).clip(0, len(base) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(base[after] - wanted) < np.abs(base[before] - wanted), after, before)
    differs = np.abs(base[nearest] - wanted) > _TOLERANCE * np.abs(wanted)
    best = int(differs.sum(axis=1).argmin())
    return float(factors[best]), nearest[best], wanted[best, differs[best]]


def _middle(values: Array, half: Array, others: Array, group: Array, before: Array) -> Array:
    """For each group the factor x for which x * other rounds to the value: the middle of where that holds for all."""
    used = others != 0
    low = (values[used] - half[used]) / others[used]
    high = (values[used] + half[used]) / others[used]
    low, high = np.minimum(low, high), np.maximum(low, high)
    least, most = np.full(len(before), -np.inf), np.full(len(before), np.inf)
    np.maximum.at(least, group[used], low)
    np.minimum.at(most, group[used], high)
    known = np.isfinite(least) & np.isfinite(most)
    return np.where(known, (np.where(known, least, 0) + np.where(known, most, 0)) / 2, before)
