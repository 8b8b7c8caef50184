"""Ports kept in memory: for tests, simulations and people without a past."""
