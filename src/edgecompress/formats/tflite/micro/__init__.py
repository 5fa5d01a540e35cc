"""Weights that TensorFlow Lite Micro decodes itself: its DECODE operator's forms, and the files that use them."""
