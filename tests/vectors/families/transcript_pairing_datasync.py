"""Two devices of one person and a friend, with data sync, as real clients said it."""

from vectors.transcript import cases

__all__ = ["cases"]
