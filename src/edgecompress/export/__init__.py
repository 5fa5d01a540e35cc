"""Compressed weights in files that stock runtimes load, what such a file holds, and the proof that it is right."""
