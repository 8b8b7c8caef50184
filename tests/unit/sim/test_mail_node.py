"""A client's node as far as history goes."""

from sottovoce.gossip.direct_packets import Completion, encode_completion_body
from sottovoce.mail import client_events as events
from sottovoce.mail.server_events import SendCompletion
from sottovoce.sim.mail_node import REDIAL_S_MAX
from unit.sim.mail_scene import Scene


def connect(scene: Scene) -> None:
    scene.client.node.go(online=True)
    scene.client.node.connect(scene.server.mailserver)
    scene.wait(2.0)


def gone(scene: Scene) -> int:
    return sum(isinstance(event, events.ServerGone) for event in scene.events)


def test_server_that_is_down_is_dialled_until_it_is_up() -> None:
    scene = Scene()
    scene.server.crash()
    connect(scene)
    assert gone(scene) > 0
    assert scene.client.node.connected() == []
    scene.server.start()
    scene.wait(REDIAL_S_MAX + 2.0)
    assert scene.client.node.connected() == [scene.key]
    assert events.ServerConnected(scene.key) in scene.events


def test_link_ends_with_the_server_and_comes_back() -> None:
    scene = Scene()
    connect(scene)
    scene.server.crash()
    scene.wait(1.0)
    assert gone(scene) == 1
    scene.server.start()
    scene.wait(REDIAL_S_MAX + 2.0)
    assert scene.client.node.connected() == [scene.key]


def test_whoever_is_off_line_has_no_links_and_dials_nobody() -> None:
    scene = Scene()
    connect(scene)
    scene.client.node.go(online=False)
    scene.wait(60.0)
    assert scene.client.node.connected() == []
    assert gone(scene) == 1


def test_nobody_is_dialled_whom_the_client_let_go() -> None:
    scene = Scene()
    connect(scene)
    scene.client.node.disconnect(scene.key)
    scene.wait(60.0)
    assert scene.client.node.connected() == []


def test_answer_that_nobody_asked_for_is_skipped() -> None:
    scene = Scene()
    connect(scene)
    link = next(iter(scene.client.node._links.values()))
    body = encode_completion_body(Completion(bytes(32)))
    scene.wire.send_down(link, SendCompletion(link.peer, body))
    scene.wait(2.0)
    assert scene.client.node.unasked == 1


def test_frozen_links_are_missed_when_they_thaw() -> None:
    scene = Scene()
    connect(scene)
    scene.client.node.freeze()
    scene.wait(5.0)
    assert gone(scene) == 0
    scene.client.node.thaw()
    scene.wait(1.0)
    assert gone(scene) == 1


def test_sizes_name_what_servers_can_make_grow() -> None:
    sizes = Scene().client.node.sizes()
    names = {"requests", "ends", "worlds", "brought"}
    assert sizes == {f"history {name}": 0 for name in names} | {"heard": 0}
