import asyncio
import os
import signal

import pytest

from patience import run, turns
from sottovoce.cli.stopping import Termination, first_of


async def forever(ended: list[str] | None = None) -> None:
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        if ended is not None:
            ended.append("cancelled")


async def soon() -> None:
    await turns(2)


async def broken() -> None:
    await turns(2)
    raise ZeroDivisionError


def test_signal_to_terminate_ends_the_waiting() -> None:
    async def main() -> None:
        with Termination() as termination:
            waiting = asyncio.ensure_future(termination.wait())
            await turns(2)
            assert not waiting.done()
            os.kill(os.getpid(), signal.SIGTERM)
            await waiting

    run(main())


def test_signal_that_comes_before_anybody_waits_is_not_lost() -> None:
    async def main() -> None:
        with Termination() as termination:
            os.kill(os.getpid(), signal.SIGTERM)
            await turns(2)
            await termination.wait()

    run(main())


def test_handler_goes_with_the_block() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def main() -> None:
        with Termination():
            assert signal.getsignal(signal.SIGTERM) != before

    run(main())
    assert signal.getsignal(signal.SIGTERM) == before


def test_first_to_end_ends_the_others() -> None:
    ended: list[str] = []
    run(first_of(forever(ended), soon(), forever(ended)))
    assert ended == ["cancelled", "cancelled"]


def test_what_the_first_raises_is_raised() -> None:
    ended: list[str] = []
    with pytest.raises(ZeroDivisionError):
        run(first_of(forever(ended), broken()))
    assert ended == ["cancelled"]


def test_interrupt_of_the_whole_reaches_every_part() -> None:
    ended: list[str] = []

    async def main() -> None:
        whole = asyncio.ensure_future(first_of(forever(ended), forever(ended)))
        await turns(3)
        whole.cancel()
        await asyncio.wait([whole])
        assert whole.cancelled()

    run(main())
    assert ended == ["cancelled", "cancelled"]
