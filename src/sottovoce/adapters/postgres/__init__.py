"""The archive of mailservers in a PostgreSQL database, which several of them may share."""
