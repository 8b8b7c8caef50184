"""Who we are: an identity, one installation of it, and what it works with.

Spec: status-im/specs docs/stable/5-secure-transport.md, "Multi-device" (installations).
"""

from dataclasses import dataclass, field

from sottovoce.base.entropy import Entropy
from sottovoce.base.moment import Moment
from sottovoce.base.secret import PrivateKey
from sottovoce.secure.bundle import Bundle, SignedPrekey, sign_bundle
from sottovoce.secure.own_prekeys import NANOSECONDS
from sottovoce.secure.records import Records
from sottovoce.secure.settings import SecureSettings


@dataclass(frozen=True, slots=True)
class Device:
    """This installation.

    Attributes:
        identity: The identity's private key.
        public: Its public half, compressed, 33 bytes.
        installation_id: The id of this installation.
        records: What is stored.
        entropy: Where keys are drawn from.
        settings: Limits and lifetimes.
    """

    identity: PrivateKey
    public: bytes = field(repr=False)
    installation_id: str = field(repr=False)
    records: Records
    entropy: Entropy = field(repr=False)
    settings: SecureSettings

    def bundle(self, now: Moment) -> Bundle:
        """Return our bundle, signed now, with the newest of our other devices; draw what is due.

        Args:
            now: The time that the bundle carries.
        """
        timestamp_ns = unix_ns(now)
        own = self.records.own()
        refreshed = own.refreshed(timestamp_ns, self.settings, entropy=self.entropy)
        if refreshed is not own:
            self.records.save_own(refreshed)
        current = refreshed.current
        assert current is not None
        prekeys = {self.installation_id: current.signed}
        others = self.records.peer(self.public)
        for name in others.active(self.settings.installations_max - 1):
            known = others.installations[name]
            newest = known.current
            if newest is not None:
                prekeys[name] = SignedPrekey(newest.key, newest.version, known.protocol_version)
        return sign_bundle(self.identity, prekeys, timestamp_ns=timestamp_ns)


def unix_ns(now: Moment) -> int:
    """Return the wall clock in whole nanoseconds since 1970."""
    return int(now.unix_s * NANOSECONDS)
