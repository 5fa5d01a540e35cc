"""Criteria of channels: each takes what goes with a group's channels and returns a score each; the lowest go first."""
