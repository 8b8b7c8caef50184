"""Envelopes of large payloads as the Go nodes seal them."""

from vectors.envelope_case import cases

__all__ = ["cases"]
