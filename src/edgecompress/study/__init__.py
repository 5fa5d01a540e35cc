"""Grids of builds: which cells there are, in which order, who computes them, and the record that each leaves."""
