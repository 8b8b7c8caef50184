from functools import partial
from threading import Event, current_thread

import pytest

from patience import run, turns
from sottovoce.runtime.engine_thread import EngineThread


def test_calls_are_carried_out_one_after_the_other_on_one_thread() -> None:
    async def main() -> None:
        thread = EngineThread("engine")
        done: list[int] = []
        futures = [thread.run(partial(done.append, number)) for number in range(5)]
        for future in futures:
            await future
        assert done == [0, 1, 2, 3, 4]
        assert await thread.run(lambda: current_thread().name) == "engine"
        assert await thread.run(lambda: current_thread().daemon)
        thread.end()

    run(main())


def test_what_a_call_raises_reaches_who_waits_and_nobody_else() -> None:
    async def main() -> None:
        thread = EngineThread("engine")
        with pytest.raises(ZeroDivisionError):
            await thread.run(lambda: 1 // 0)
        assert await thread.run(lambda: 7) == 7
        thread.end()

    run(main())


def test_call_that_was_given_up_while_it_waited_is_not_made() -> None:
    async def main() -> None:
        thread, go = EngineThread("engine"), Event()
        done: list[str] = []
        first = thread.run(go.wait)
        second = thread.run(lambda: done.append("second"))
        second.cancel()
        await turns(2)
        go.set()
        await first
        await thread.run(lambda: done.append("third"))
        assert done == ["third"]
        thread.end()

    run(main())
