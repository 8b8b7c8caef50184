"""The life of a group of three, with data sync, as real clients said it."""

from vectors.transcript import cases

__all__ = ["cases"]
