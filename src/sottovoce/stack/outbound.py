"""The way out: from content to the envelope that shall carry it, one value for each stage.

Content is sealed for its reader, the sealed bytes get a route, and an envelope is asked for. When
something leaves, and what becomes of it, is decided elsewhere.

Spec: status-go protocol/message_processor.go; Status specs 10 (waku usage), "Topics".
"""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.secure.channel import Channel
from sottovoce.secure.facts import PUBLIC, BundleWanted, Fact, Secrecy
from sottovoce.stack.events import PostEnvelope
from sottovoce.stack.receipts import Leg, Receipts
from sottovoce.stack.routes import Routes
from sottovoce.stack.settings import StackSettings


@dataclass(frozen=True, slots=True)
class Content:
    """What one person shall read, and the messages in it.

    Attributes:
        reader: The person; our own key for our other devices.
        raw: A wrapper, or a payload of data sync.
        legs: The messages in it; none in an acknowledgement.
        for_every_device: Whether every device of the reader shall read it, known or not.
    """

    reader: PublicKey = field(repr=False)
    raw: bytes = field(repr=False)
    legs: tuple[Leg, ...] = field(default=(), repr=False)
    for_every_device: bool = False


@dataclass(frozen=True, slots=True)
class Routed:
    """Sealed bytes that know their way.

    Attributes:
        route: Topic, key and signer.
        payload: The bytes.
        secrecy: How they are protected.
        legs: The messages in them.
        facts: What was learned when they were sealed.
    """

    route: EnvelopeRoute = field(repr=False)
    payload: bytes = field(repr=False)
    secrecy: Secrecy
    legs: tuple[Leg, ...] = field(default=(), repr=False)
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsealable:
    """Messages that cannot be sealed, and why: a sentence for people."""

    legs: tuple[Leg, ...] = field(repr=False)
    reason: str


class Outbound:
    """One person's way out."""

    def __init__(
        self, channel: Channel, routes: Routes, receipts: Receipts, settings: StackSettings
    ) -> None:
        self._channel: Final = channel
        self._routes: Final = routes
        self._receipts: Final = receipts
        self._settings: Final = settings
        self._last_request = 0

    def seal(self, content: Content, now: Moment) -> Routed | Unsealable:
        """Seal content for a person and find its way; what fails here changed nothing."""
        try:
            if content.for_every_device:
                sealed = self._channel.seal_to_any_device(content.reader, content.raw, now)
            else:
                sealed = self._channel.seal(content.reader, content.raw, now)
        except (LocalProtocolError, RemoteProtocolError) as error:
            return Unsealable(content.legs, f"it could not be encrypted: {error}")
        route = self._routes.to_person(content.reader, agreed=sealed.agreed_secret is not None)
        return Routed(route, sealed.content, sealed.secrecy, content.legs, sealed.facts)

    def seal_public(self, leg: Leg, name: str, raw: bytes, now: Moment) -> Routed | None:
        """Give a public chat's message its way; None while the chat's key is not at hand."""
        route = self._routes.to_public_chat(name)
        if route is None:
            return None
        sealed = self._channel.seal(PUBLIC, raw, now)
        return Routed(route, sealed.content, sealed.secrecy, (leg,), sealed.facts)

    def seal_contact_code(self, now: Moment) -> Routed | None:
        """Seal our bundle for whoever follows us; None while our contact code's key is missing.

        Raises:
            LocalProtocolError: A stored record is damaged.
        """
        route = self._routes.to_followers()
        if route is None:
            return None
        sealed = self._channel.seal_bundle(now)
        return Routed(route, sealed.content, sealed.secrecy)

    def seal_answer(self, wanted: BundleWanted, now: Moment) -> Routed:
        """Seal our bundle for somebody who wrote what cannot be read here.

        Raises:
            LocalProtocolError: A stored record is damaged.
        """
        route = self._routes.to_person(wanted.peer, agreed=False)
        sealed = self._channel.seal_answer(wanted, now)
        return Routed(route, sealed.content, sealed.secrecy, facts=sealed.facts)

    def post(self, routed: Routed, now: Moment) -> PostEnvelope:
        """Ask for the envelope; what is in it is followed from now on."""
        settings = self._settings
        self._last_request += 1
        # One without messages as well: when it comes back it has to be known as ours.
        ends_s = now.monotonic_s + settings.work_time_s + settings.ttl_s
        self._receipts.start(self._last_request, routed.legs, ends_s)
        return PostEnvelope(
            request=self._last_request,
            route=routed.route,
            payload=routed.payload,
            ttl_s=settings.ttl_s,
            pow_target=settings.pow_target,
            work_time_s=settings.work_time_s,
        )
