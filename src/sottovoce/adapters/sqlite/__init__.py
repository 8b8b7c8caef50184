"""One encrypted SQLite database for each account; docs/reference/storage.md describes the file."""
