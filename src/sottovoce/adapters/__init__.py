"""The ports made real: files, and one database for each account."""
