import asyncio
from dataclasses import replace

import pytest

from sottovoce.base.errors import LocalProtocolError, StorageError, UnstorableError
from sottovoce.base.quantities import EnvelopeHash, topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.chat.events import Done, Refused
from sottovoce.chat.records import Profile
from sottovoce.gossip.filters import make_filter
from sottovoce.gossip.seal import EnvelopeRoute, OpenedMessage
from sottovoce.node import effects, inputs
from sottovoce.node.person import PERSON_NUMBERS_FROM
from sottovoce.node.person_events import PersonInput, PersonOutput
from sottovoce.runtime import person_inbox
from sottovoce.runtime.person_lane import BUSY, SET_ASIDE
from sottovoce.runtime.person_ports import OwnerFact
from sottovoce.stack.events import DeriveKey, KeyDerived, PeersChanged, Started, TimePassed
from sottovoce.stack.topics import key_of_name
from unit.runtime.lane_scene import KEY, Scene, asked, settle

ROUTE = EnvelopeRoute(topic(b"abcd"), SymmetricKey(b"k" * 32), None)
FULL = "the disk is full; make room"


def message(number: int = PERSON_NUMBERS_FROM, size_bytes: int = 1) -> effects.MessageArrived:
    opened = OpenedMessage(
        payload=b"x" * size_bytes,
        padding=b"",
        transport_sender=KEY,
        recipient=None,
        topic=topic(b"abcd"),
        sent_unix_s=1,
        ttl_s=15,
        hash=EnvelopeHash(bytes(32)),
        pow=1.0,
    )
    return effects.MessageArrived((number,), opened, direct=False)


def raises(error: Exception) -> list[PersonOutput]:
    raise error


def test_answer_comes_after_its_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    heard_at_commit = []
    commit = scene.store.commit

    def note() -> None:
        heard_at_commit.extend(scene.facts)
        commit()

    monkeypatch.setattr(scene.store, "commit", note)

    async def main() -> None:
        lane = scene.lane()
        await settle()
        lane.ask(asked(7))
        await settle()
        await lane.stop()

    scene.run(main())
    assert heard_at_commit == []
    assert (scene.facts, scene.store.kept) == ([Done(7, Profile())], ["asked 7"])


def test_batch_that_wrote_nothing_has_no_commit() -> None:
    scene = Scene(script={PeersChanged: lambda _: []})

    async def main() -> None:
        lane = scene.lane()
        lane.fact(effects.PeerConnected(KEY, "", "", inbound=False))
        await settle()
        await lane.stop()

    scene.run(main())
    assert PeersChanged(1) in scene.handled
    assert scene.store.commit_count == 0


def test_waiting_commands_share_one_commit() -> None:
    scene = Scene()

    async def main() -> None:
        lane = scene.lane()
        for number in range(100):
            lane.ask(asked(number))
        await settle()
        await lane.stop()

    scene.run(main())
    assert len(scene.facts) == 100
    assert scene.store.commit_count < 10


def test_input_that_raises_is_set_aside_and_the_rest_is_handled() -> None:
    def fail_on_two(event: PersonInput) -> list[PersonOutput]:
        assert not isinstance(event, inputs.PostMessage)
        if event == asked(2):
            raise RuntimeError("a bug")
        scene.store.write(f"{event}")
        return [Done(getattr(event, "request", 0), Profile())]

    scene = Scene(script={type(asked(1)): fail_on_two})

    async def main() -> None:
        lane = scene.lane()
        for number in (1, 2, 3):
            lane.ask(asked(number))
        await settle()
        assert lane.statistics.set_aside == {"Asked": 1}
        await lane.stop()

    scene.run(main())
    assert scene.facts == [Done(1, Profile()), Done(3, Profile()), Refused(2, SET_ASIDE)]
    assert scene.lives == 2
    assert len(scene.store.kept) == 2


def test_person_that_is_made_anew_learns_what_the_node_has() -> None:
    wanted = make_filter(symmetric_key=SymmetricKey(b"k" * 32), topics=[b"abcd"])
    number = PERSON_NUMBERS_FROM + 4

    def listen(_: PersonInput) -> list[PersonOutput]:
        return [inputs.InstallFilter(number, wanted)]

    scene = Scene(script={Started: listen, KeyDerived: lambda _: raises(RuntimeError("a bug"))})

    async def main() -> None:
        lane = scene.lane()
        lane.fact(effects.PeerConnected(KEY, "", "", inbound=False))
        await settle()
        lane._put(KeyDerived("name", SymmetricKey(b"k" * 32)))
        await settle()
        await lane.stop()

    scene.run(main())
    assert (scene.lives, scene.installed) == (2, {number: wanted})
    assert scene.first_number == number + 1
    assert scene.handled[-2:] == [Started(), PeersChanged(1)]


def test_full_disk_refuses_commands_at_once_and_keeps_the_rest() -> None:
    scene = Scene()

    async def main() -> None:
        lane = scene.lane()
        await settle()
        scene.store.failures = 3
        lane.fact(message())
        lane.ask(asked(1))
        await settle()
        assert (lane.trouble, scene.facts) == (FULL, [Refused(1, FULL, by_store=True)])
        lane.ask(asked(2))
        assert scene.facts == [Refused(1, FULL, by_store=True), Refused(2, FULL, by_store=True)]
        await asyncio.sleep(60)
        assert (lane.trouble, scene.troubles) == ("", [FULL, ""])
        assert (lane.statistics.storage_errors, lane.statistics.refused_commands) == (3, 2)
        lane.ask(asked(1))
        await settle()
        await lane.stop()

    scene.run(main())
    assert scene.facts[2:] == [Done(1, Profile())]
    assert scene.store.kept == ["MessageArrived", "asked 1"]


def test_command_that_was_set_aside_is_answered_even_if_the_rest_is_not_stored() -> None:
    def fail(_: PersonInput) -> list[PersonOutput]:
        scene.store.failures = 1
        raise RuntimeError("a bug")

    scene = Scene(script={type(asked(1)): fail})

    async def main() -> None:
        lane = scene.lane()
        lane.ask(asked(1))
        lane.fact(message())
        await settle()
        assert scene.facts == [Refused(1, SET_ASIDE)]
        await asyncio.sleep(60)
        await lane.stop()

    scene.run(main())
    assert (scene.facts, scene.store.kept) == ([Refused(1, SET_ASIDE)], ["MessageArrived"])


def test_what_waited_behind_a_refused_batch_is_refused_or_forgotten_as_it_would_be_in_it() -> None:
    def fail_once(_: PersonInput) -> list[PersonOutput]:
        del scene.script[effects.MessageArrived]
        raise StorageError(FULL)

    scene = Scene(script={effects.MessageArrived: fail_once})

    async def main() -> None:
        lane = scene.lane()
        await settle()
        lane.fact(message())
        lane.fact(effects.PostFailed(PERSON_NUMBERS_FROM, "no"))  # of a life that now ends
        lane.ask(asked(1))
        lane.fact(message())
        await settle()
        assert scene.facts == [Refused(1, FULL, by_store=True)]
        await asyncio.sleep(60)
        await lane.stop()

    scene.run(main())
    assert scene.store.kept == ["MessageArrived", "MessageArrived"]
    assert not any(isinstance(each, effects.PostFailed) for each in scene.handled)


def test_pauses_between_attempts_grow_to_a_bound() -> None:
    scene = Scene()

    async def main() -> None:
        lane = scene.lane()
        await settle()
        scene.store.failures = 1000
        lane.fact(message())
        await asyncio.sleep(300)
        # 0.5, 1, 2, 4 and 8 seconds, then every 15.
        assert 20 <= lane.statistics.storage_errors <= 30
        await lane.abandon()

    scene.run(main())


def test_command_that_the_store_does_not_take_is_refused_and_nothing_else_waits() -> None:
    scene = Scene(script={type(asked(1)): lambda _: raises(StorageError("no such text"))})

    async def main() -> None:
        lane = scene.lane()
        lane.ask(asked(1))
        lane.fact(message())
        await settle()
        assert lane.trouble == ""
        await lane.stop()

    scene.run(main())
    assert scene.facts == [Refused(1, "no such text")]
    assert scene.store.kept == ["MessageArrived"]


def test_input_that_can_never_be_stored_holds_up_nobody() -> None:
    def refuse(_: PersonInput) -> list[PersonOutput]:
        raise UnstorableError("the database breaks a rule")

    scene = Scene(script={effects.MessageArrived: refuse})

    async def main() -> None:
        lane = scene.lane()
        lane.fact(message())
        lane.ask(asked(1))
        await settle()
        assert (lane.trouble, lane.statistics.set_aside) == ("", {"MessageArrived": 1})
        await lane.stop()

    scene.run(main())
    assert scene.facts == [Done(1, Profile())]


def test_commit_that_fails_in_an_unforeseen_way_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene()
    commit = scene.store.commit

    def fail_once() -> None:
        monkeypatch.setattr(scene.store, "commit", commit)
        raise RuntimeError("a bug")

    monkeypatch.setattr(scene.store, "commit", fail_once)

    async def main() -> None:
        lane = scene.lane()
        lane.fact(message())
        await asyncio.sleep(1)
        await lane.stop()

    scene.run(main())
    assert scene.store.kept == ["MessageArrived"]
    assert [bool(reason) for reason in scene.troubles] == [True, False]


def deaf(_: OwnerFact) -> None:
    raise RuntimeError("a bug")


def test_messages_for_others_and_posts_of_others_are_let_go() -> None:
    scene = Scene()

    async def main() -> None:
        lane = scene.lane()
        lane.fact(message(number=3))
        lane.fact(effects.PostFailed(4, "no"))
        lane.fact(effects.PeerUnreachable(KEY, "no", 1.0))
        await settle()
        await lane.stop()

    scene.run(main())
    assert scene.handled == [Started(), PeersChanged(0)]


def test_wish_that_the_node_refuses_comes_back_as_failed_post() -> None:
    post = inputs.PostMessage(PERSON_NUMBERS_FROM, ROUTE, b"x", 15, 0.0, 1.0)

    def speak(_: PersonInput) -> list[PersonOutput]:
        return [post]

    scene = Scene(script={Started: speak}, refuses=LocalProtocolError("the node is closed"))

    async def main() -> None:
        lane = scene.lane()
        await settle()
        await lane.stop()

    scene.run(main())
    assert scene.handled[-1] == effects.PostFailed(post.request, "the node is closed")


def test_key_is_derived_off_the_loop_and_comes_back() -> None:
    scene = Scene(script={Started: lambda _: [DeriveKey("lobby")]})

    async def main() -> None:
        lane = scene.lane()
        await settle()
        await lane.stop()

    scene.run(main())
    assert scene.handled[-1] == KeyDerived("lobby", key_of_name("lobby"))


def test_deadline_wakes_the_person() -> None:
    scene = Scene(deadline_s=5.0)

    def done(_: PersonInput) -> list[PersonOutput]:
        scene.deadline_s = None
        return []

    scene.script[TimePassed] = done

    async def main() -> None:
        lane = scene.lane()
        await asyncio.sleep(4.9)
        assert TimePassed() not in scene.handled
        await asyncio.sleep(0.2)
        assert scene.handled.count(TimePassed()) == 1
        await lane.stop()

    scene.run(main())


def test_deadline_that_fails_is_not_tried_in_a_tight_loop() -> None:
    scene = Scene(deadline_s=0.0, script={TimePassed: lambda _: raises(RuntimeError("a bug"))})

    async def main() -> None:
        lane = scene.lane()
        await asyncio.sleep(60)
        assert lane.statistics.set_aside["TimePassed"] < 10
        await lane.stop()

    scene.run(main())


def test_person_that_cannot_be_made_is_trouble_and_not_the_end() -> None:
    scene = Scene(script={Started: lambda _: raises(RuntimeError("a bug"))})

    async def main() -> None:
        lane = scene.lane()
        await settle()
        assert "cannot be used" in lane.trouble
        del scene.script[Started]
        await asyncio.sleep(2)
        assert lane.trouble == ""
        await lane.stop()

    scene.run(main())


def test_owner_that_raises_does_not_stop_the_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()

    async def main() -> None:
        lane = scene.lane()
        await settle()
        broken = replace(lane._owner, hear=deaf)
        monkeypatch.setattr(lane, "_owner", broken)
        lane.ask(asked(1))
        lane.ask(asked(2))
        await settle()
        assert lane.statistics.set_aside == {"fact": 2}
        await lane.stop()

    scene.run(main())
    assert scene.store.kept == ["asked 1", "asked 2"]


def test_too_many_commands_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_inbox, "COMMANDS_MAX", 2)
    scene = Scene()

    async def main() -> None:
        lane = scene.lane()
        for number in (1, 2, 3):
            lane.ask(asked(number))
        assert scene.facts == [Refused(3, BUSY)]
        await settle()
        await lane.stop()

    scene.run(main())
    assert Done(2, Profile()) in scene.facts


def test_stop_stores_what_waits_and_closes_the_store() -> None:
    scene = Scene()

    async def main() -> None:
        lane = scene.lane()
        await settle()
        lane.ask(asked(1))
        await lane.stop()
        await lane.stop()

    scene.run(main())
    assert scene.store.kept == ["asked 1"]
    assert scene.store.closed


def test_stop_does_not_wait_for_ever_for_a_full_disk() -> None:
    scene = Scene()

    async def main() -> None:
        lane = scene.lane()
        await settle()
        scene.store.failures = 1000
        lane.fact(message())
        await lane.stop()

    scene.run(main())
    assert scene.store.closed
    assert scene.store.kept == []
