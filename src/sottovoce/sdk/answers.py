"""What a person was asked and has not answered yet."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Generic, TypeVar

from sottovoce.base.errors import SottovoceError

AnswerT = TypeVar("AnswerT")


class Answers(Generic[AnswerT]):
    """The open questions, by their numbers."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[AnswerT]] = {}

    async def ask(self, ask: Callable[[int], None]) -> AnswerT:
        """Ask under a fresh number, and wait for the answer.

        Args:
            ask: Asks, given the number.

        Raises:
            SottovoceError: It was refused.
        """
        number = next(self._numbers)
        waiting: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        try:
            ask(number)
            return await waiting
        finally:
            del self._waiting[number]

    def answer(self, number: int, answer: AnswerT) -> None:
        """Take an answer; nobody may wait for it any more."""
        waiting = self._waiting.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def refuse(self, number: int, error: SottovoceError) -> None:
        """Take a refusal; nobody may wait for it any more."""
        waiting = self._waiting.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)

    def refuse_all(self, error: SottovoceError) -> None:
        """Let nobody wait any more."""
        for number in self._waiting:
            self.refuse(number, error)
