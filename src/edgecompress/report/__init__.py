"""Texts and tables, made from records and manifests only."""
