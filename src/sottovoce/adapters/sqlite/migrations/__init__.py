"""The steps from an empty file to the newest tables, one SQL file each; none changes once released.

A file is named after the version that it leads to, which the database then bears in `user_version`.
"""
