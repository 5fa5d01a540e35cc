"""Measuring the files of a bundle on a device: what is run, what is computed from it, and the record of it."""
