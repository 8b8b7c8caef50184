"""Benchmarks of sottovoce beside the Go nodes of its time; `docs/reference/benchmarks.md`."""
