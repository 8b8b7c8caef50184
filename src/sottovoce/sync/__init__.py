"""Data sync: bodies between two people, repeated until they are acknowledged (MVDS)."""
