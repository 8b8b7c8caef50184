"""What a lane does with history: pages that lost something, people made anew, refused wishes."""

from dataclasses import replace

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.chat.events import Refused
from sottovoce.mail.client_events import (
    FetchAsked,
    FetchDone,
    OnlineChanged,
    PageEnd,
    ServersChanged,
)
from sottovoce.mail.request import HistoryRequest
from sottovoce.node import effects, inputs
from sottovoce.node.person import PERSON_NUMBERS_FROM
from sottovoce.node.person_events import PersonInput, PersonOutput
from sottovoce.runtime import person_inbox
from unit.node.person_network import SERVER
from unit.runtime.lane_scene import Scene, settle
from unit.runtime.test_person_lane import message, raises

PAGE = PERSON_NUMBERS_FROM + 5
ASK = inputs.AskHistory(PAGE, SERVER, HistoryRequest(1, 2, bytes(64)))
TRUSTED = ServersChanged((SERVER,))


def asks_when_trusted() -> Scene:
    return Scene(script={ServersChanged: lambda _: [inputs.AddPeer(SERVER.enode), ASK]})


def ends(scene: Scene) -> list[PageEnd]:
    return [each.end for each in scene.handled if isinstance(each, effects.HistoryDone)]


def test_wishes_for_mailservers_reach_the_node_and_its_answers_the_person() -> None:
    scene = asks_when_trusted()

    async def main() -> None:
        lane = scene.lane()
        await settle()
        lane.tell(TRUSTED)
        await settle()
        assert scene.wishes == [inputs.AddPeer(SERVER.enode), ASK]
        lane.fact(effects.HistoryArriving(PAGE, 1, 1, 10))
        lane.fact(effects.HistoryDone(PAGE, PageEnd.ANSWERED))
        lane.fact(effects.HistoryDone(PAGE + 1, PageEnd.ANSWERED))
        await settle()
        await lane.stop()

    scene.run(main())
    assert effects.HistoryArriving(PAGE, 1, 1, 10) in scene.handled
    assert ends(scene) == [PageEnd.ANSWERED]


def test_page_of_which_a_message_found_no_place_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_inbox, "HISTORY_MAX", 1)
    scene = asks_when_trusted()

    async def main() -> None:
        lane = scene.lane()
        await settle()
        lane.tell(TRUSTED)
        await settle()
        for _ in range(2):
            lane.fact(replace(message(), direct=True))
        lane.fact(effects.HistoryDone(PAGE, PageEnd.ANSWERED))
        await settle()
        assert lane.dropped_messages == 1
        await lane.stop()

    scene.run(main())
    assert inputs.MessageDropped(message().message.hash) in scene.wishes
    assert ends(scene) == [PageEnd.LOST]


def test_person_made_anew_fetches_again_and_the_old_pages_are_cancelled() -> None:
    scene = asks_when_trusted()
    scene.script[effects.MessageArrived] = lambda _: raises(RuntimeError("a bug"))

    async def main() -> None:
        lane = scene.lane()
        await settle()
        lane.tell(TRUSTED)
        lane.tell(OnlineChanged(online=True))
        lane.ask(FetchAsked(7))
        await settle()
        lane.fact(message())
        await settle()
        assert scene.lives == 2
        await lane.stop()

    scene.run(main())
    assert inputs.CancelHistory(PAGE) in scene.wishes
    assert scene.handled.count(TRUSTED) == scene.handled.count(FetchAsked(7)) == 2
    assert scene.handled.count(OnlineChanged(online=True)) == 2


def test_wish_for_a_page_that_the_node_refuses_comes_back_as_its_end() -> None:
    scene = asks_when_trusted()
    scene.refuses = LocalProtocolError("no")
    scene.refused_kinds = (inputs.AskHistory,)

    async def main() -> None:
        lane = scene.lane()
        await settle()
        lane.tell(TRUSTED)
        await settle()
        await lane.stop()

    scene.run(main())
    assert ends(scene) == [PageEnd.NOT_CONNECTED]


def test_fetching_that_is_done_is_told_and_not_begun_again() -> None:
    done = FetchDone(7, complete=True, envelopes=0, new=0)

    def answers(event: PersonInput) -> list[PersonOutput]:
        assert event == FetchAsked(7)
        return [done]

    scene = Scene(script={FetchAsked: answers})

    async def main() -> None:
        lane = scene.lane()
        lane.ask(FetchAsked(7))
        await settle()
        scene.script[effects.MessageArrived] = lambda _: raises(RuntimeError("a bug"))
        lane.fact(message())
        await settle()
        assert scene.lives == 2
        await lane.stop()

    scene.run(main())
    assert scene.facts == [done]
    assert scene.handled.count(FetchAsked(7)) == 1


def test_wish_for_history_is_refused_while_the_store_is_in_trouble() -> None:
    scene = Scene()
    scene.store.failures = 3

    async def main() -> None:
        lane = scene.lane()
        lane.fact(message())
        await settle()
        assert lane.trouble
        lane.ask(FetchAsked(7))
        assert isinstance(scene.facts[-1], Refused)
        await lane.stop()

    scene.run(main())
