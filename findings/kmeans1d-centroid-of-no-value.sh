#!/usr/bin/env bash
# kmeans1d 0.5.0 returns a centroid of 0.0 that no value is near, where more clusters are asked for than there are distinct values.
#
# The guess: with fewer distinct values than clusters, each distinct value is a centroid; those left over repeat one, are NaN, or
#   are left out, or it raises.
# The behaviour: cluster([5.0] * 4, 2) is (clusters=[1, 1, 1, 1], centroids=[0.0, 5.0]), and cluster([1, 1, 2, 2], 3) has the
#   centroids [0.0, 1.0, 2.0]: the centroid left over is the number 0, labels begin at 1, and values of 5 to 6 get one far below them.
# Versions: kmeans1d 0.5.0, Python 3.11 on x86-64.
# Source: own measurement. The package's page says that the result is the optimum and does not say this case.
# Hurt: whoever makes a palette of a layer that is clustered already, or has few values: the codebook has an entry that no weight
#   uses, and a weight which moves in fine-tuning and is assigned to its nearest centroid again can become zero, that is, be pruned.
#   Way round: no more clusters than numpy.unique finds.
#
# Needs Python with venv and pip. Exits with 0 if it is as said.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check kmeans1d==0.5.0

cat > run.py <<'PYTHON'
import importlib.metadata
import sys

import kmeans1d

print("kmeans1d", importlib.metadata.version("kmeans1d"))
as_stated = True
for values, k in (([5.0] * 4, 2), ([1.0, 1.0, 2.0, 2.0], 3), ([-3.0, -3.0, -2.0], 3)):
    found = kmeans1d.cluster(values, k)
    print(f"values {values}, {k} clusters: centroids {found.centroids}, clusters {found.clusters}")
    unused = [place for place in range(k) if place not in found.clusters]
    strange = [found.centroids[place] for place in unused if found.centroids[place] not in values]
    as_stated &= bool(strange) and set(strange) == {0.0}
print("as stated" if as_stated else "NOT as stated: every centroid is one of values")
sys.exit(not as_stated)
PYTHON
venv/bin/python run.py
