"""``sottovoce mail probe``: which step of asking a mailserver fails, and what to do about it."""

import asyncio
from contextlib import aclosing

from sottovoce.adapters.mailserver_file import SavedMailserver
from sottovoce.cli.output import Output
from sottovoce.cli.peer import print_steps
from sottovoce.mail.mailserver import DEFAULT_PASSWORD, Mailserver
from sottovoce.sdk.mail_probe import probe_mailserver
from sottovoce.stack.routes import key_of_name


async def run_probe(server: SavedMailserver, timeout_s: float, *, as_json: bool) -> None:
    """Ask a mailserver for one envelope, and print each step."""
    password = server.password.text if server.password is not None else DEFAULT_PASSWORD
    key = await asyncio.to_thread(key_of_name, password)
    asked = Mailserver(server.enode, key)
    async with aclosing(probe_mailserver(asked, timeout_s=timeout_s)) as results:
        await print_steps(Output(as_json=as_json), results)
