"""Structured pruning: whole channels go, and with them arithmetic, so that any stock runtime gets faster."""
