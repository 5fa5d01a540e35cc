"""Scopes: each shares the zeros of a network out among its layers."""
