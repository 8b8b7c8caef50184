"""What has to happen once when an older copy of what is stored has taken its place.

Spec: none; deployed clients do not notice (docs/spec-deviations.md, "Choice of session").
"""

from sottovoce.base.entropy import Entropy
from sottovoce.base.secret import PrivateKey
from sottovoce.secure.channel import Channel
from sottovoce.stack.stores import StackStores


def start_anew(
    identity: PrivateKey, installation_id: str, stores: StackStores, entropy: Entropy
) -> None:
    """Send nothing more on sessions whose next keys may have been used; in the open transaction.

    Raises:
        LocalProtocolError: The installation id cannot be one, or a stored record is damaged.
        InvalidKeyError: The private key is not below the order of the curve.
    """
    Channel(identity, installation_id, stores.secure, entropy).start_anew()
