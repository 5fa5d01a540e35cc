"""Transports: ways to a device. One file each; ``contract.py`` says what it offers."""
