"""A mailserver in the world: its archive is slow, refuses, stands still, outlives a crash."""

from typing import Final

from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.mail.settings import ServerSettings
from sottovoce.node import inputs
from sottovoce.node.effects import ArchivingChanged
from sottovoce.node.node import Node
from sottovoce.sim.world import SimulatedNode, World
from unit.node.mail_scene import PASSWORD
from unit.node.pump import PROMPT, post

MAIL: Final = ServerSettings(password_key=PASSWORD)


def mail_world() -> tuple[World, SimulatedNode, MemoryArchive]:
    world, archive = World(1), MemoryArchive()
    return world, world.add_node(gossip=PROMPT, mail=MAIL, archive=archive), archive


def archived(simulated: SimulatedNode) -> int:
    assert isinstance(simulated.node, Node)
    statistics = simulated.node.mail_statistics
    return 0 if statistics is None else statistics.archived


def test_archive_takes_its_time_and_tells_later_than_it_does() -> None:
    world, server, archive = mail_world()
    server.archive_delay_s = 2.0
    world.command(0, post())
    seen = []
    for moment in (0.9, 1.1, 2.1):
        world.run_until(moment)
        seen.append((archive.size().envelopes, archived(server)))
    assert seen == [(0, 0), (1, 0), (1, 1)]


def test_archive_that_refuses_is_tried_again_and_told_of() -> None:
    world, server, archive = mail_world()
    server.archive_fault = "the disk is full"
    world.command(0, post())
    world.run_until(1.0)
    assert archive.size().envelopes == 0
    server.archive_fault = ""
    world.run_until(30.0)
    assert archive.size().envelopes == 1
    changes = [fact.trouble for _, fact in server.facts if isinstance(fact, ArchivingChanged)]
    assert changes == ["the disk is full", ""]


def test_archive_that_stands_still_goes_on_where_it_stood() -> None:
    world, server, archive = mail_world()
    server.archive_halted_until_s = 10.0
    world.command(0, post())
    world.run_until(9.9)
    assert archive.size().envelopes == 0
    world.run_until(10.1)
    assert (archive.size().envelopes, archived(server)) == (1, 1)


def test_crash_loses_what_was_not_begun_and_keeps_what_was_done() -> None:
    world, server, archive = mail_world()
    server.archive_delay_s = 2.0
    world.command(0, post(1, b"begun"))
    world.command_at(2.5, 0, post(2, b"not begun"))
    world.run_until(3.0)
    world.crash(server)
    world.restart(server)
    world.command_at(4.0, 0, inputs.TimePassed())
    world.run_until(60.0)
    assert (archive.size().envelopes, archived(server)) == (1, 0)
