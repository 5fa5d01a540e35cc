"""Finding one codebook behind those of all channels, of which each was multiplied by a factor and rounded."""

from dataclasses import dataclass

import numpy as np

from edgecompress.agent.ecz.limits import CODEBOOK_ENTRIES
from edgecompress.agent.ecz.rans import Array
from edgecompress.agent.ecz.values import scale_type, scaled_entries

_TOLERANCE = {16: (2.0**-8, 2.0**-22), 32: (2.0**-21, 2.0**-147)}
"""Relative and absolute error up to which an entry is taken for a multiple of a base entry, by the bits of an entry.

Both entries and the factor are rounded, each perhaps from what was rounded: eight times the rounding of one.
"""
_PIVOTS = 3
"""How many of a channel's largest entries are tried, one after the other, as multiples by the largest base entries."""
_CANDIDATES, _TRIED = 12, 1 << 10
"""How many base entries: so many at least, and as many as make so many values to compare."""
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
    scales, multiples = np.ones(channels), np.zeros(len(values))
    # Those with the most entries first: the fewer a channel has, the more factors seem to fit.
    for number in np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]:
        own = slice(starts[number], starts[number] + sizes[number])
        scales[number], multiples[own], complete = _scale(values[own], base, *_TOLERANCE[width])
        if not complete:
            # No channel need have all entries: what this one has and none before it joins the base.
            base = np.union1d(base, multiples[own])
        if len(base) > most or len(base) * channels > CODEBOOK_ENTRIES:
            return None
    index = np.searchsorted(base, multiples)
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


def _scale(values: Array, base: Array, relative: float, absolute: float) -> tuple[float, Array, bool]:
    """The factor of which most ``values`` are multiples by base entries; by what each is one; whether all are."""
    likely = base[np.argsort(-np.abs(base))[: max(_CANDIDATES, _TRIED // len(values))]]
    likely = likely[likely != 0]
    fewest, found = np.inf, (1.0, values, False)
    for largest in values[np.argsort(-np.abs(values))[:_PIVOTS]]:
        factors = largest / likely if largest and len(likely) else np.ones(1)
        wanted = values / factors[:, np.newaxis]
        after = np.searchsorted(base, wanted).clip(0, len(base) - 1)
        before = np.maximum(after - 1, 0)
        nearest = np.where(np.abs(base[after] - wanted) < np.abs(base[before] - wanted), after, before)
        errors = np.abs(base[nearest] - wanted)
        errors /= relative * np.abs(wanted) + absolute / np.abs(factors[:, np.newaxis])
        # Of factors that fit the same number of values, the one that fits them best.
        misfits = (errors > 1).sum(axis=1) + np.where(errors > 1, 0, errors).mean(axis=1) / 2
        best = int(misfits.argmin())
        if misfits[best] < fewest:
            fewest = misfits[best]
            fits = errors[best] <= 1
            found = float(factors[best]), np.where(fits, base[nearest[best]], wanted[best]), bool(fits.all())
        if found[2]:
            break
    return found


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
