"""Runs of many seeds, on as many processors as there are."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Outcome = TypeVar("Outcome")


def judge_each(
    judge: Callable[[int], Outcome], seeds: Iterable[int], *, jobs: int
) -> Iterator[Outcome]:
    """Yield what becomes of each seed, in the order in which they end.

    Args:
        judge: Runs one; other processes have to be able to find it.
        seeds: Which.
        jobs: Processes that run at a time.
    """
    if jobs <= 1:
        yield from map(judge, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(judge, seeds)
