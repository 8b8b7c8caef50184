import asyncio

import pytest

from patience import run, until
from sottovoce.sdk.answers import Answers
from sottovoce.sdk.errors import ClientClosedError, RefusedError


def test_each_question_gets_its_own_answer() -> None:
    async def main() -> list[str]:
        answers: Answers[str] = Answers()
        asked: list[int] = []
        both = asyncio.gather(answers.ask(asked.append), answers.ask(asked.append))
        await until(lambda: len(asked) == 2)
        answers.answer(asked[1], "second")
        answers.answer(asked[0], "first")
        answers.answer(asked[0], "again")
        found = await both
        answers.answer(asked[0], "too late")
        return list(found)

    assert run(main()) == ["first", "second"]


def test_refusal_and_end_are_errors() -> None:
    async def main() -> None:
        answers: Answers[str] = Answers()
        with pytest.raises(RefusedError):
            await answers.ask(lambda number: answers.refuse(number, RefusedError("no")))
        waiting = asyncio.ensure_future(answers.ask(lambda _: None))
        await until(lambda: answers._waiting)
        answers.refuse_all(ClientClosedError("closed"))
        with pytest.raises(ClientClosedError):
            await waiting
        assert not answers._waiting

    run(main())
