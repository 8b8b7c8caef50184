from patience import run
from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.mail.settings import ServerSettings
from sottovoce.sdk.client import Client
from sottovoce.sdk.counters import read_counters
from unit.node.mail_scene import PASSWORD


def test_counters_are_plain_numbers_by_name_and_those_of_mail_are_there_for_mailservers() -> None:
    async def main() -> None:
        mail = ServerSettings(password_key=PASSWORD)
        async with Client(mail=mail, archive=MemoryArchive()) as server, Client() as client:
            assert client.enode is not None
            await server.connect(client.enode)
            counters = [
                read_counters(each._application, peer_count=2, unreadable_count=3)
                for each in (server, client)
            ]
            assert [(each.peer_count, each.unreadable_count) for each in counters] == [(2, 3)] * 2
            assert counters[0].relay["peers_greeted"] == 1  # in both worlds
            assert counters[0].mail is not None
            assert counters[0].mail["archived"] == 0
            assert counters[1].mail is None

    run(main())
