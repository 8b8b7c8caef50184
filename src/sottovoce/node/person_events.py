"""What goes into a person and what comes out.

In: facts of the node that concern the person, commands, derived keys, time. Out: wishes for the
node, keys to derive, facts for whoever shows the chats.
"""

from typing import TypeAlias

from sottovoce.chat.commands import Asked
from sottovoce.chat.events import ChatFact
from sottovoce.node.effects import MessageArrived, PostFailed, PostSucceeded, SentToPeer
from sottovoce.node.inputs import InstallFilter, PostMessage, RemoveFilter
from sottovoce.stack.events import (
    DeriveKey,
    KeyDerived,
    OwnBundle,
    OwnBundleAsked,
    PeersChanged,
    Started,
    TimePassed,
)

PersonInput: TypeAlias = (
    MessageArrived
    | SentToPeer
    | PostSucceeded
    | PostFailed
    | Asked
    | TimePassed
    | KeyDerived
    | PeersChanged
    | OwnBundleAsked
    | Started
)

PersonOutput: TypeAlias = (
    PostMessage | InstallFilter | RemoveFilter | DeriveKey | OwnBundle | ChatFact
)
