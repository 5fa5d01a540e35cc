"""Two records against each other, metric by metric, and limits on what may differ: for CI."""
