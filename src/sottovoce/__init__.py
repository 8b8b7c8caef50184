"""sottovoce: a private messaging stack that talks Whisper v6 on devp2p.

    async with sottovoce.Client(peers=["enode://..."]) as client:
        await client.channel("status").send_text("hello")

Importing the package loads nothing heavy: names are loaded at first use.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sottovoce.app.application import ApplicationSettings as ApplicationSettings
    from sottovoce.base.errors import LocalProtocolError as LocalProtocolError
    from sottovoce.base.errors import SottovoceError as SottovoceError
    from sottovoce.gossip.settings import GossipSettings as GossipSettings
    from sottovoce.node.settings import NodeSettings as NodeSettings
    from sottovoce.sdk.channel import Channel as Channel
    from sottovoce.sdk.client import Client as Client
    from sottovoce.sdk.errors import ClientClosedError as ClientClosedError
    from sottovoce.sdk.errors import ConnectError as ConnectError
    from sottovoce.sdk.errors import NotSentError as NotSentError
    from sottovoce.sdk.errors import PostError as PostError
    from sottovoce.sdk.messages import ChannelMessage as ChannelMessage
    from sottovoce.sdk.messages import PeerEvent as PeerEvent
    from sottovoce.sdk.messages import PeerInfo as PeerInfo
    from sottovoce.sdk.messages import SentMessage as SentMessage
    from sottovoce.sdk.messages import Statistics as Statistics
    from sottovoce.sdk.subscriptions import Subscription as Subscription

_HOMES = {
    "ApplicationSettings": "sottovoce.app.application",
    "LocalProtocolError": "sottovoce.base.errors",
    "SottovoceError": "sottovoce.base.errors",
    "GossipSettings": "sottovoce.gossip.settings",
    "NodeSettings": "sottovoce.node.settings",
    "Channel": "sottovoce.sdk.channel",
    "Client": "sottovoce.sdk.client",
    "ClientClosedError": "sottovoce.sdk.errors",
    "ConnectError": "sottovoce.sdk.errors",
    "NotSentError": "sottovoce.sdk.errors",
    "PostError": "sottovoce.sdk.errors",
    "ChannelMessage": "sottovoce.sdk.messages",
    "PeerEvent": "sottovoce.sdk.messages",
    "PeerInfo": "sottovoce.sdk.messages",
    "SentMessage": "sottovoce.sdk.messages",
    "Statistics": "sottovoce.sdk.messages",
    "Subscription": "sottovoce.sdk.subscriptions",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'sottovoce' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
