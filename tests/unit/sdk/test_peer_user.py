import asyncio
import os
import socket

import pytest

from patience import run
from sottovoce.sdk import peer_user
from sottovoce.sdk.peer_user import is_our_user


def test_our_own_user_and_root_are_ours_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    user = os.getuid()

    async def main() -> None:
        one, other = socket.socketpair()
        _, writer = await asyncio.open_unix_connection(sock=one)
        monkeypatch.setattr(peer_user, "_ROOT", -1)
        assert is_our_user(writer)
        monkeypatch.setattr(os, "getuid", lambda: user + 1)
        assert not is_our_user(writer)
        monkeypatch.setattr(peer_user, "_ROOT", user)
        assert is_our_user(writer)
        writer.close()
        await writer.wait_closed()
        other.close()

    run(main())
