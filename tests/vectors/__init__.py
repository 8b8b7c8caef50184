"""The vector harness: real input as data, and one runner per family."""
