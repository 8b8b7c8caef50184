"""Which devices there are, as bundles show them: our own others, and new ones of people we answer.

What they are called, and whether one of ours is enabled, is the person's business above.

Spec: status-go protocol/encryption/multidevice; Status specs 5 (secure transport), "Multi-device".
"""

from collections.abc import Iterable
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.secure.channel import Channel
from sottovoce.secure.facts import InstallationSeen
from sottovoce.stack.events import (
    DeviceEnabled,
    OwnInstallation,
    OwnInstallations,
    PeerInstallationSeen,
)


class Devices:
    """What the chats are told about devices."""

    def __init__(self, channel: Channel, own: PublicKey) -> None:
        self._channel: Final = channel
        self._own: Final = own

    def own(self) -> OwnInstallations:
        """Tell all other devices of our own.

        Raises:
            LocalProtocolError: A stored record is damaged.
        """
        known = self._channel.installations(self._own)
        return OwnInstallations(
            tuple(OwnInstallation(name, each.enabled) for name, each in known.items())
        )

    def has_enabled(self) -> bool:
        """Tell whether any other device of our own is enabled.

        Raises:
            LocalProtocolError: A stored record is damaged.
        """
        return any(each.enabled for each in self._channel.installations(self._own).values())

    def enable(self, event: DeviceEnabled) -> OwnInstallations:
        """Let messages go to a device of our own, or not; one that is not known changes nothing.

        Raises:
            LocalProtocolError: A stored record is damaged.
        """
        if event.installation_id in self._channel.installations(self._own):
            self._channel.set_enabled(self._own, event.installation_id, event.on)
        return self.own()

    def seen(
        self, brought: Iterable[object], answered: frozenset[PublicKey]
    ) -> list[OwnInstallations | PeerInstallationSeen]:
        """Tell what one envelope showed of devices.

        Of a person whose first devices these are nothing is told, and nothing of a device that
        messages do not go to.

        Args:
            brought: All that the envelope brought.
            answered: People who are no strangers.

        Raises:
            LocalProtocolError: A stored record is damaged.
        """
        new: dict[PublicKey, list[str]] = {}
        for fact in brought:
            if isinstance(fact, InstallationSeen):
                new.setdefault(fact.peer, []).append(fact.installation_id)
        told: list[OwnInstallations | PeerInstallationSeen] = []
        for peer, names in new.items():
            if peer == self._own:
                told.append(self.own())
            elif peer in answered and self._channel.installations(peer).keys() - set(names):
                written_to = self._channel.written_to(peer)
                told += [PeerInstallationSeen(peer, it) for it in names if it in written_to]
        return told
