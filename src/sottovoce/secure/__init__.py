"""Secrecy between people: bundles, key agreement, ratchets, sessions of several devices."""
