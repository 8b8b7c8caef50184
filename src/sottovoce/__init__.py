"""sottovoce: a private messaging stack that talks Whisper v6 and Waku v1 on devp2p.

    async with sottovoce.Client(peers=["enode://..."]) as client:
        await client.channel("status").send_text("hello")

    async with sottovoce.Messenger.open("~/.local/share/sottovoce", password="...") as me:
        await me.send("anna", "hello")

Importing the package loads nothing heavy: names are loaded at first use.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sottovoce.app.application import ApplicationSettings as ApplicationSettings
    from sottovoce.base.errors import LocalProtocolError as LocalProtocolError
    from sottovoce.base.errors import SottovoceError as SottovoceError
    from sottovoce.chat.records import Chat as Chat
    from sottovoce.chat.records import ChatKind as ChatKind
    from sottovoce.chat.records import Contact as Contact
    from sottovoce.chat.records import Device as Device
    from sottovoce.chat.records import Group as Group
    from sottovoce.chat.records import Message as Message
    from sottovoce.chat.records import MessageState as MessageState
    from sottovoce.chat.records import Profile as Profile
    from sottovoce.chat.records import Reaction as Reaction
    from sottovoce.chat.records import Recipient as Recipient
    from sottovoce.gossip.settings import GossipSettings as GossipSettings
    from sottovoce.gossip.settings import Interest as Interest
    from sottovoce.gossip.settings import Transport as Transport
    from sottovoce.mail.client_events import FetchDone as FetchDone
    from sottovoce.mail.client_events import ServerState as ServerState
    from sottovoce.mail.client_events import ServerStatus as ServerStatus
    from sottovoce.node.settings import NodeSettings as NodeSettings
    from sottovoce.node.traffic import NodeTraffic as NodeTraffic
    from sottovoce.payloads.chat_message import StickerMessage as StickerMessage
    from sottovoce.payloads.reaction import ReactionType as ReactionType
    from sottovoce.sdk.bot import Bot as Bot
    from sottovoce.sdk.bot import BotMessage as BotMessage
    from sottovoce.sdk.channel import Channel as Channel
    from sottovoce.sdk.client import Client as Client
    from sottovoce.sdk.control_client import ControlClient as ControlClient
    from sottovoce.sdk.duty_cycle import DutyCycle as DutyCycle
    from sottovoce.sdk.errors import ClientClosedError as ClientClosedError
    from sottovoce.sdk.errors import ConnectError as ConnectError
    from sottovoce.sdk.errors import ControlError as ControlError
    from sottovoce.sdk.errors import NotDeliveredError as NotDeliveredError
    from sottovoce.sdk.errors import NotSentError as NotSentError
    from sottovoce.sdk.errors import PostError as PostError
    from sottovoce.sdk.errors import RefusedError as RefusedError
    from sottovoce.sdk.errors import StoreRefusedError as StoreRefusedError
    from sottovoce.sdk.errors import UnknownNameError as UnknownNameError
    from sottovoce.sdk.events import ChatChanged as ChatChanged
    from sottovoce.sdk.events import ContactChanged as ContactChanged
    from sottovoce.sdk.events import ContactDeviceAdded as ContactDeviceAdded
    from sottovoce.sdk.events import ContactRequested as ContactRequested
    from sottovoce.sdk.events import DataBudgetChanged as DataBudgetChanged
    from sottovoce.sdk.events import DeviceChanged as DeviceChanged
    from sottovoce.sdk.events import EventsMissed as EventsMissed
    from sottovoce.sdk.events import GroupChanged as GroupChanged
    from sottovoce.sdk.events import GroupInvited as GroupInvited
    from sottovoce.sdk.events import GroupNoteAdded as GroupNoteAdded
    from sottovoce.sdk.events import HistoryFetched as HistoryFetched
    from sottovoce.sdk.events import HistoryProgress as HistoryProgress
    from sottovoce.sdk.events import MailserversChanged as MailserversChanged
    from sottovoce.sdk.events import MessageReceived as MessageReceived
    from sottovoce.sdk.events import MessageStateChanged as MessageStateChanged
    from sottovoce.sdk.events import MessageWritten as MessageWritten
    from sottovoce.sdk.events import ReactionChanged as ReactionChanged
    from sottovoce.sdk.events import StorageTrouble as StorageTrouble
    from sottovoce.sdk.messages import ChannelMessage as ChannelMessage
    from sottovoce.sdk.messages import PeerEvent as PeerEvent
    from sottovoce.sdk.messages import PeerInfo as PeerInfo
    from sottovoce.sdk.messages import SentMessage as SentMessage
    from sottovoce.sdk.messages import Statistics as Statistics
    from sottovoce.sdk.messenger import Messenger as Messenger
    from sottovoce.sdk.messenger_port import MessengerPort as MessengerPort
    from sottovoce.sdk.subscriptions import Subscription as Subscription
    from sottovoce.sdk.traffic import TrafficReport as TrafficReport
    from sottovoce.secure.facts import Secrecy as Secrecy
    from sottovoce.stack.settings import StackSettings as StackSettings

_HOMES = {
    "ApplicationSettings": "sottovoce.app.application",
    "LocalProtocolError": "sottovoce.base.errors",
    "SottovoceError": "sottovoce.base.errors",
    "GossipSettings": "sottovoce.gossip.settings",
    "Interest": "sottovoce.gossip.settings",
    "Transport": "sottovoce.gossip.settings",
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
    "Bot": "sottovoce.sdk.bot",
    "BotMessage": "sottovoce.sdk.bot",
    "ControlClient": "sottovoce.sdk.control_client",
    "Messenger": "sottovoce.sdk.messenger",
    "MessengerPort": "sottovoce.sdk.messenger_port",
    "RefusedError": "sottovoce.sdk.errors",
    "NotDeliveredError": "sottovoce.sdk.errors",
    "StoreRefusedError": "sottovoce.sdk.errors",
    "UnknownNameError": "sottovoce.sdk.errors",
    "ControlError": "sottovoce.sdk.errors",
    "MessageReceived": "sottovoce.sdk.events",
    "MessageWritten": "sottovoce.sdk.events",
    "MessageStateChanged": "sottovoce.sdk.events",
    "ContactRequested": "sottovoce.sdk.events",
    "ContactChanged": "sottovoce.sdk.events",
    "ReactionChanged": "sottovoce.sdk.events",
    "ChatChanged": "sottovoce.sdk.events",
    "GroupInvited": "sottovoce.sdk.events",
    "GroupChanged": "sottovoce.sdk.events",
    "GroupNoteAdded": "sottovoce.sdk.events",
    "DeviceChanged": "sottovoce.sdk.events",
    "ContactDeviceAdded": "sottovoce.sdk.events",
    "DutyCycle": "sottovoce.sdk.duty_cycle",
    "HistoryProgress": "sottovoce.sdk.events",
    "HistoryFetched": "sottovoce.sdk.events",
    "MailserversChanged": "sottovoce.sdk.events",
    "StorageTrouble": "sottovoce.sdk.events",
    "DataBudgetChanged": "sottovoce.sdk.events",
    "TrafficReport": "sottovoce.sdk.traffic",
    "NodeTraffic": "sottovoce.node.traffic",
    "EventsMissed": "sottovoce.sdk.events",
    "FetchDone": "sottovoce.mail.client_events",
    "ServerState": "sottovoce.mail.client_events",
    "ServerStatus": "sottovoce.mail.client_events",
    "Chat": "sottovoce.chat.records",
    "ChatKind": "sottovoce.chat.records",
    "Contact": "sottovoce.chat.records",
    "Device": "sottovoce.chat.records",
    "Group": "sottovoce.chat.records",
    "Recipient": "sottovoce.chat.records",
    "Message": "sottovoce.chat.records",
    "MessageState": "sottovoce.chat.records",
    "Profile": "sottovoce.chat.records",
    "Reaction": "sottovoce.chat.records",
    "ReactionType": "sottovoce.payloads.reaction",
    "StickerMessage": "sottovoce.payloads.chat_message",
    "Secrecy": "sottovoce.secure.facts",
    "StackSettings": "sottovoce.stack.settings",
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
