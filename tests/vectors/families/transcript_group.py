"""The life of a group of three, without data sync, as real clients said it."""

from vectors.transcript import cases

__all__ = ["cases"]
