"""Bundles that travel outside of the network: in links and in QR codes.

Spec: status-im/specs docs/stable/5-secure-transport.md, "Bundles"; identity.contact_link has the
form of the link (docs/spec-deviations.md, "Links").
"""

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.secure.bundle import verify_bundle
from sottovoce.secure.channel import Channel
from sottovoce.secure.facts import Opened, Unreadable
from sottovoce.secure.message import ProtocolMessage
from sottovoce.secure.wire import decode_bundle, decode_message, encode_bundle, encode_message


def learn_bundle(channel: Channel, owner: PublicKey, raw: bytes, now: Moment) -> bool:
    """Let the channel learn a bundle; False if it is not one that its owner signed.

    Args:
        channel: Who learns.
        owner: Whom the link names.
        raw: The bundle's encoded form, any bytes.
        now: The time.

    Raises:
        LocalProtocolError: A stored record is damaged.
    """
    try:
        bundle = decode_bundle(raw)
        signer = verify_bundle(bundle)
    except RemoteProtocolError:
        return False
    if signer != owner:
        return False
    # As a message that carries bundles only. It names no installation, for nobody knows how old the
    # link is, and an installation's own newest word would count more than what is known of it.
    carrier = encode_message(ProtocolMessage("", (bundle,), {}))
    opened = channel.open(owner, carrier, now)
    return not isinstance(opened, Opened) and opened.reason is Unreadable.NO_CONTENT


def own_bundle(channel: Channel, now: Moment) -> bytes:
    """Return our bundle's encoded form, signed now; a prekey is drawn if one is due.

    Raises:
        LocalProtocolError: A stored record is damaged.
    """
    return encode_bundle(decode_message(channel.seal_bundle(now).content).bundles[0])
