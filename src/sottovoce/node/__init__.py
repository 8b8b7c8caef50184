"""The whole node as one machine: inputs in, effects out. Sans-I/O ends here."""
