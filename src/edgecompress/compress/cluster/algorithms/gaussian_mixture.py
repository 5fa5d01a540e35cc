"""Gaussian mixture: the means of normal distributions, fitted together by expectation and maximisation.

Dempster, Laird & Rubin, "Maximum likelihood from incomplete data via the EM algorithm", J. R. Stat. Soc. B 39(1), 1977,
section 4.3, as scikit-learn has it.
"""

import numpy as np
from sklearn.mixture import GaussianMixture  # type: ignore[import-untyped]

from edgecompress.compress.cluster.points import Values
from edgecompress.compress.cluster.sample import fewer_is_well, standardised


def gaussian_mixture(values: Values, k: int, *, seed: int = 0) -> Values:
    """The means for ``values``, shape (n,), or for 20,000 of them. See ``contract.RandomAlgorithm``."""
    sample = standardised(values, 20_000, seed=seed)
    with fewer_is_well():
        model = GaussianMixture(k, covariance_type="spherical", random_state=seed).fit(sample.x[:, None])
    return np.unique(sample.back(model.means_[:, 0]))
