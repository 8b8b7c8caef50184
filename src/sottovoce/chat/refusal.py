"""How a command ends that cannot be carried out: with one sentence for the person who gave it."""

from sottovoce.base.errors import LocalProtocolError


class CommandRefusedError(LocalProtocolError):
    """A command cannot be carried out; its text says why and what to do, and nothing changed."""
