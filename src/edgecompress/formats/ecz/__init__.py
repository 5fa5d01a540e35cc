"""Packing a model file into the container ``.ecz``, which ``agent.ecz`` unpacks; docs/ecz.md specifies the format."""
