"""What can be asked of a running node that has no account: what it carries, and nothing else."""

from typing import Final, cast

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.commands import Command
from sottovoce.chat.events import CommandResult
from sottovoce.sdk.client import Client
from sottovoce.sdk.errors import RefusedError
from sottovoce.sdk.events import EventSubscription
from sottovoce.sdk.queries import AnswerT, Query, ReadTraffic
from sottovoce.sdk.traffic import TrafficReport

_NO_ACCOUNT: Final = (
    "this node runs without an account; stop it, and start it with sottovoce node run --account "
    "NAME"
)


class NodePort:
    """A node for the control socket.

    Args:
        client: The running node.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def public_key(self) -> PublicKey:
        """The key that answers: the node's client has one of its own."""
        return self._client.public_key

    async def ask(self, command: Command) -> CommandResult:
        """Refuse.

        Raises:
            RefusedError: Always.
        """
        raise RefusedError(_NO_ACCOUNT)

    async def query(self, query: Query[AnswerT]) -> AnswerT:
        """Answer what a node can.

        Raises:
            RefusedError: It takes an account.
        """
        if isinstance(query, ReadTraffic):
            return cast("AnswerT", TrafficReport(self._client.traffic()))
        raise RefusedError(_NO_ACCOUNT)

    async def events(self, *, queue_max: int) -> EventSubscription:
        """Refuse.

        Raises:
            RefusedError: Always.
        """
        raise RefusedError(_NO_ACCOUNT)
