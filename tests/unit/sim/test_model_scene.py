from sottovoce.base.quantities import topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip.settings import Interest, Transport
from sottovoce.sim.model_scene import SCENES, ModelPerson
from sottovoce.sim.world import World
from sottovoce.stack.topics import GENERIC_DISCOVERY

PARTITION, PUBLIC = topic(b"part"), topic(b"publ")


def person() -> ModelPerson:
    home = World(1).add_node()
    return ModelPerson(0, PARTITION, PUBLIC, SymmetricKey(b"\x01" * 32), home)


def test_each_case_has_the_topics_that_its_title_says() -> None:
    somebody = person()
    discovery = GENERIC_DISCOVERY.topic
    assert {case: scene.topics(somebody) for case, scene in SCENES.items()} == {
        1: (PUBLIC, PUBLIC),
        2: (PARTITION, PUBLIC),
        3: (discovery, PUBLIC),
        **dict.fromkeys(range(4, 9), (PARTITION, PUBLIC)),
    }


def test_who_names_topics_speaks_waku_and_who_has_a_filter_whisper() -> None:
    spoken = {scene.interest: scene.transport for scene in SCENES.values()}
    assert spoken == {
        Interest.TOPICS: Transport.WAKU,
        Interest.EVERYTHING: Transport.WHISPER,
        Interest.BLOOM: Transport.WHISPER,
    }


def test_cases_of_copies_have_two_hubs_and_the_offline_one_a_mailserver() -> None:
    assert {case for case, scene in SCENES.items() if scene.hubs == 2} == {6, 7}
    assert {case for case, scene in SCENES.items() if scene.absent} == {7}
    assert {case for case, scene in SCENES.items() if scene.filtered} == {5, 6, 7}
