"""Older versions of published records, made into newer ones: one pure function a step.

The file ``KIND_N.py`` holds the function that takes a document of version N of a kind, parsed and not changed, and
returns that of version N + 1. What the older version did not know stays unknown; nothing is made up.
"""
