"""Why a benchmark cannot go on, in words for whoever started it.

BenchmarkError
└── OptionError: what was asked for makes no sense.
"""


class BenchmarkError(Exception):
    """A peer failed, or its result differs from ours where both must be the same."""


class OptionError(BenchmarkError):
    """A name, a path or a combination on the command line that does not exist."""
