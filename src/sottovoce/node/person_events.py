"""What goes into a person and what comes out.

In: facts of the node that concern the person, commands, derived keys, time. Out: wishes for the
node, keys to derive, facts for whoever shows the chats.
"""

from typing import TypeAlias

from sottovoce.chat.commands import Asked
from sottovoce.chat.events import ChatFact
from sottovoce.mail.client_events import ClientFact, FetchAsked, OnlineChanged, ServersChanged
from sottovoce.node.effects import (
    ConfirmedByPeer,
    HistoryArriving,
    HistoryDone,
    HistoryReasked,
    MessageArrived,
    PeerConnected,
    PeerDisconnected,
    PeerUnreachable,
    PostFailed,
    PostSucceeded,
    SentToPeer,
)
from sottovoce.node.inputs import (
    AddPeer,
    AskHistory,
    CancelHistory,
    InstallFilter,
    PostMessage,
    RemoveFilter,
    RemovePeer,
)
from sottovoce.stack.events import (
    DeriveKey,
    KeyDerived,
    OwnBundle,
    OwnBundleAsked,
    PeersChanged,
    Started,
    TimePassed,
)

# What concerns the mailservers of the person: how they stand, what they sent, who wants what, and
# whether the network may be used at all, which it may until somebody says otherwise.
MailInput: TypeAlias = (
    HistoryArriving
    | HistoryReasked
    | HistoryDone
    | PeerConnected
    | PeerDisconnected
    | PeerUnreachable
    | ServersChanged
    | FetchAsked
    | OnlineChanged
)

PersonInput: TypeAlias = (
    MessageArrived
    | SentToPeer
    | ConfirmedByPeer
    | PostSucceeded
    | PostFailed
    | Asked
    | TimePassed
    | KeyDerived
    | PeersChanged
    | OwnBundleAsked
    | Started
    | MailInput
)

# A mailserver's `AddPeer` and `RemovePeer` concern only who needs it for nothing else.
PersonOutput: TypeAlias = (
    PostMessage
    | InstallFilter
    | RemoveFilter
    | AskHistory
    | CancelHistory
    | AddPeer
    | RemovePeer
    | DeriveKey
    | OwnBundle
    | ChatFact
    | ClientFact
)
