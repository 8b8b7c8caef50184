"""The ports made real: files today."""
