"""The channel: what the layers around see of secrecy between people.

It joins sealing, opening and what a person decides about devices and conversations. Everything that
lasts is in the store; in memory are only counters and the rate of answers. It knows neither topics
nor payloads, and no clock.

Spec: status-im/specs docs/stable/5-secure-transport.md; status-go protocol/encryption/protocol.go.
"""

from collections import Counter
from dataclasses import replace
from typing import Final

from typing_extensions import override

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.answer_rate import AnswerRate
from sottovoce.secure.device import Device
from sottovoce.secure.facts import (
    BundleWanted,
    Opened,
    Public,
    Receipt,
    Recipient,
    Sealed,
    Secrecy,
    SecretAgreed,
    Unopened,
    Unreadable,
)
from sottovoce.secure.forgetting import expire, forget
from sottovoce.secure.installations import Installation
from sottovoce.secure.message import ANY_DEVICE
from sottovoce.secure.opening import open_content
from sottovoce.secure.records import Records
from sottovoce.secure.sealing import seal_answer, seal_bundle, seal_direct, seal_to_any_device
from sottovoce.secure.settings import SecureSettings
from sottovoce.secure.stores import SecureStore
from sottovoce.secure.wire import INSTALLATION_ID_BYTES_MAX

# Reasons after which the sender should hear from us, and whether sessions are out of step.
_ANSWERED: Final = {
    Unreadable.OTHER_DEVICE: False,
    Unreadable.NO_SESSION: True,
    Unreadable.BROKEN: True,
}


class Channel:
    """One installation's secrecy with everybody.

    Attributes:
        unopened: How many messages gave no content, by reason.
    """

    def __init__(
        self,
        identity: PrivateKey,
        installation_id: str,
        store: SecureStore,
        entropy: Entropy,
        settings: SecureSettings | None = None,
    ) -> None:
        """Make a channel.

        Args:
            identity: The identity's private key.
            installation_id: The id of this installation: a text of its own, 1 to 128 bytes.
            store: Where everything lasts.
            entropy: Where keys are drawn from.
            settings: Limits and lifetimes, by default those of the deployed clients.

        Raises:
            LocalProtocolError: The installation id is empty, too long or ``none``.
            InvalidKeyError: The private key is not below the order of the curve.
        """
        _check_installation_id(installation_id)
        settings = settings or SecureSettings()
        public = secp256k1.compress(secp256k1.public_key(identity))
        self._device: Final = Device(
            identity, public, installation_id, Records(store), entropy, settings
        )
        # Two of them, so that no number of strangers spends what people we know would need.
        self._rate: Final = AnswerRate(settings.answer_pause_s, settings.answer_first_pause_s)
        self._strangers_rate: Final = AnswerRate(settings.answer_pause_s)
        self.unopened: Final[Counter[Unreadable]] = Counter()

    @override
    def __repr__(self) -> str:
        return "Channel(…)"

    def seal(self, recipient: Recipient, content: bytes, now: Moment) -> Sealed:
        """Seal content to a person, or to everybody.

        How a conversation with a person is protected is a setting of that conversation
        (`set_forward_secrecy`); content for everybody leaves as it is.

        Args:
            recipient: A person, ourselves (our other devices), or `PUBLIC`.
            content: Any number of bytes.
            now: The time.

        Raises:
            InvalidKeyError: The recipient's key is not on the curve.
            LocalProtocolError: A stored record is damaged.
        """
        if isinstance(recipient, Public):
            return Sealed(content, Secrecy.PUBLIC)
        return seal_direct(self._device, recipient, content, now)

    def seal_to_any_device(self, recipient: PublicKey, content: bytes, now: Moment) -> Sealed:
        """Seal content so that every device of an identity can read it, as pairing needs it.

        Raises:
            InvalidKeyError: The recipient's key is not on the curve.
            LocalProtocolError: A stored record is damaged.
        """
        return seal_to_any_device(self._device, recipient, content, now)

    def seal_bundle(self, now: Moment) -> Sealed:
        """Seal our bundle alone, for whoever may want to write to us.

        Raises:
            LocalProtocolError: A stored record is damaged.
        """
        return seal_bundle(self._device, now)

    def seal_answer(self, wanted: BundleWanted, now: Moment) -> Sealed:
        """Seal an empty message that lets somebody write to us again.

        From now on they count as answered; a wish that nobody acted upon is told again.

        Raises:
            InvalidKeyError: Their key is not on the curve.
            LocalProtocolError: A stored record is damaged.
        """
        sealed = seal_answer(self._device, wanted, now)
        identity = secp256k1.compress(wanted.peer)
        self._rate_of(identity).spend(identity + wanted.lost_with.encode(), now)
        return sealed

    def open(self, transport_sender: PublicKey, content: bytes, now: Moment) -> Opened | Unopened:
        """Open what came in an envelope; what cannot be read is counted.

        Args:
            transport_sender: Who signed the envelope, as the transport has checked.
            content: The envelope's payload, any bytes.
            now: The time.

        Raises:
            InvalidKeyError: The sender's key is not on the curve, so nobody has checked it.
            LocalProtocolError: A stored record is damaged.
        """
        opened = open_content(self._device, transport_sender, content, now)
        if isinstance(opened, Opened):
            return opened
        self.unopened[opened.reason] += 1
        if opened.is_late or opened.reason not in _ANSWERED:
            return opened
        identity = secp256k1.compress(transport_sender)
        lost_with = opened.installation_id if _ANSWERED[opened.reason] else ""
        device = identity + lost_with.encode()
        if identity == self._device.public or not self._rate_of(identity).allows(device, now):
            return opened
        return replace(opened, facts=(*opened.facts, BundleWanted(transport_sender, lost_with)))

    def confirm(self, receipt: Receipt) -> None:
        """Destroy the key of a message whose content is safely stored.

        Until then the same message opens again, however often it comes, unless a limit gave its
        key up before: a session keeps only so many, a stranger's fewer (`SecureSettings`).
        Afterwards it never does, for as long as its session is known; the first message of one
        that was forgotten opens once more (docs/spec-deviations.md, "Strangers").
        """
        store = self._device.records.store
        store.delete_message_key(receipt.session, receipt.ratchet_key, receipt.n)

    def remember(self, peer: PublicKey) -> None:
        """Decide that somebody is no stranger, so that no stranger can take their place.

        Whoever is written to is none anyway.

        Raises:
            InvalidKeyError: The key is not on the curve.
            LocalProtocolError: A stored record is damaged.
        """
        identity = secp256k1.compress(peer)
        known = self._device.records.peer(identity)
        if not known.known:
            self._device.records.save_peer(identity, replace(known, known=True))

    def forget(self, peer: PublicKey) -> None:
        """Give up all that is known about somebody, with every session; they are a stranger then.

        Raises:
            InvalidKeyError: The key is not on the curve.
        """
        forget(self._device, secp256k1.compress(peer))

    def set_forward_secrecy(self, peer: PublicKey, on: bool) -> None:
        """Decide whether a conversation uses sessions; without, the identity's key alone opens it.

        Raises:
            InvalidKeyError: The key is not on the curve.
            LocalProtocolError: A stored record is damaged.
        """
        identity = secp256k1.compress(peer)
        known = self._device.records.peer(identity)
        self._device.records.save_peer(identity, replace(known, forward_secret=on, known=True))

    def set_enabled(self, peer: PublicKey, installation_id: str, enabled: bool) -> None:
        """Decide whether messages go to a device, of our own or of somebody else.

        Raises:
            InvalidKeyError: The key is not on the curve.
            LocalProtocolError: No such device is known, or a stored record is damaged.
        """
        identity = secp256k1.compress(peer)
        known = self._device.records.peer(identity)
        installation = known.installations.get(installation_id)
        if installation is None:
            raise LocalProtocolError("no such installation is known")
        installation = replace(installation, enabled=enabled)
        following = replace(known.with_installation(installation_id, installation), known=True)
        self._device.records.save_peer(identity, following)

    def installations(self, peer: PublicKey) -> dict[str, Installation]:
        """Return the known devices of an identity; for our own, the other ones.

        Raises:
            InvalidKeyError: The key is not on the curve.
            LocalProtocolError: A stored record is damaged.
        """
        return dict(self._device.records.peer(secp256k1.compress(peer)).installations)

    def written_to(self, peer: PublicKey) -> list[str]:
        """Return the devices of an identity that messages go to, those of the newest bundles first.

        Raises:
            InvalidKeyError: The key is not on the curve.
            LocalProtocolError: A stored record is damaged.
        """
        known = self._device.records.peer(secp256k1.compress(peer))
        return known.active(self._device.settings.installations_max)

    def agreed_secrets(self) -> list[SecretAgreed]:
        """Return all negotiated secrets, for whoever has to listen again after a start.

        Raises:
            LocalProtocolError: A stored record is damaged.
        """
        agreed = []
        for identity in self._device.records.store.peers():
            peer = self._device.records.peer(identity)
            if peer.secret is not None:
                agreed.append(SecretAgreed(secp256k1.decompress(identity), peer.secret))
        return agreed

    def start_anew(self) -> None:
        """Give up what a restored backup may have turned back.

        No message is sent on a session from before, for its next key may have been used already,
        and the next bundle has a new prekey. Whatever still opens on those sessions is opened, also
        when another session has replaced them.

        Raises:
            LocalProtocolError: A stored record is damaged.
        """
        records = self._device.records
        for name in records.store.sessions():
            session = records.session(name)
            if session is not None:
                records.save_session(name, session.unsendable())
        records.save_own(records.own().without_current())

    def expire(self, now: Moment) -> None:
        """Destroy prekeys that were kept long enough, and forget what hangs on nothing.

        That is sessions that nobody can use any more, and strangers who were not heard of since.

        Raises:
            LocalProtocolError: A stored record is damaged.
        """
        expire(self._device, now)

    def _rate_of(self, identity: bytes) -> AnswerRate:
        is_known = self._device.records.peer(identity).known
        return self._rate if is_known else self._strangers_rate


def _check_installation_id(text: str) -> None:
    """Check that a text can name our installation.

    Raises:
        LocalProtocolError: It is empty, too long, has no UTF-8 form, or means every device.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        size = 0
    if not 0 < size <= INSTALLATION_ID_BYTES_MAX or text == ANY_DEVICE:
        raise LocalProtocolError("this text cannot be an installation id")
