"""Options: what the words of a command mean for the node."""

import pytest

from sottovoce.cli.options import Worlds
from sottovoce.gossip.settings import Transport


@pytest.mark.parametrize("worlds", list(Worlds))
def test_worlds_of_a_relay_are_the_transports_of_the_same_name(worlds: Worlds) -> None:
    assert worlds.transport.value == worlds.value


def test_relay_that_others_connect_to_cannot_choose_one_world_for_each_of_them() -> None:
    assert {worlds.transport for worlds in Worlds} == set(Transport) - {Transport.EITHER}
