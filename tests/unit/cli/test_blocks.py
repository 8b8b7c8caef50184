"""Blocks of options: what the work of a verb gets of them."""

from pathlib import Path

import pytest

from sottovoce.cli.blocks import Offline, Online, Spoken
from sottovoce.cli.options import Worlds
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.cli.person import PersonOptions
from sottovoce.gossip.settings import Transport

PLACE = Path("data")


def test_somebody_without_peers_is_who_and_where() -> None:
    said = Offline(account="Anna", password_file=Path("pw"), data_dir=PLACE, as_json=True)
    assert said.person() == PersonOptions(PLACE, "Anna", Path("pw"), as_json=True)


def test_somebody_with_peers_is_also_through_whom() -> None:
    said = Online(
        peers=["a", "b"],
        transport=Transport.WAKU,
        metered=True,
        day_mb=5,
        timeout_s=3.0,
        data_dir=PLACE,
        verbose=True,
    )
    wanted = PersonOptions(
        PLACE,
        peers=("a", "b"),
        transport=Transport.WAKU,
        metered=True,
        day_mb=5,
        timeout_s=3.0,
        is_online=True,
        verbose=True,
    )
    assert said.person() == wanted


def test_verb_says_whether_it_has_a_use_for_peers() -> None:
    person = Online(data_dir=PLACE).person(is_online=False, needs_peers=True)
    assert (person.is_online, person.needs_peers) == (False, True)


@pytest.mark.parametrize("worlds", [Worlds.WHISPER, Worlds.WAKU])
def test_one_world_cannot_be_kept_apart(worlds: Worlds) -> None:
    assert Spoken(transport=worlds).transport is worlds
    with pytest.raises(
        CommandError, match=rf"leave out --no-bridge, or --transport {worlds.value}"
    ):
        Spoken(transport=worlds, no_bridge=True)


def test_two_worlds_can_be_kept_apart() -> None:
    assert Spoken(no_bridge=True).no_bridge


def test_meaningless_words_are_a_usage_error() -> None:
    with pytest.raises(CommandError) as caught:
        Spoken(transport=Worlds.WAKU, no_bridge=True)
    assert caught.value.code is ExitCode.USAGE
