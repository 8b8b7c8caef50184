"""The event loop: uvloop where it is installed, asyncio's own where it is not."""

import asyncio
import sys
from importlib.machinery import ModuleSpec
from types import SimpleNamespace

import pytest

from sottovoce.runtime import loop


def test_asyncio_chooses_the_loop_where_uvloop_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "find_spec", lambda _: None)
    assert loop.loop_factory() is None


def test_uvloop_makes_the_loop_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "find_spec", lambda name: ModuleSpec(name, None))
    installed = SimpleNamespace(new_event_loop=asyncio.new_event_loop)
    monkeypatch.setitem(sys.modules, "uvloop", installed)
    assert loop.loop_factory() is asyncio.new_event_loop


def test_run_gives_back_what_the_coroutine_returns() -> None:
    async def answer() -> int:
        await asyncio.sleep(0)
        return 42

    assert loop.run(answer()) == 42
