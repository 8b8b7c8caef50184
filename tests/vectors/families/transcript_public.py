"""Two people in a public chat, as real clients said it."""

from vectors.transcript import cases

__all__ = ["cases"]
