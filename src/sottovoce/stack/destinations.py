"""Where a message can go, in the words of a chat: no topics and no envelope keys.

Spec: Status specs 10 (waku usage), "Topics"; what becomes of a destination is said in `routes`.
"""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey

# Longer names reach nobody: Status' clients show and accept far less.
NAME_BYTES_MAX: Final = 1024


@dataclass(frozen=True, slots=True)
class PublicChat:
    """A channel that everybody who knows its name can read and write.

    Raises:
        LocalProtocolError: The name is empty or longer than 1024 bytes of UTF-8.
    """

    name: str

    def __post_init__(self) -> None:
        try:
            size_bytes = len(self.name.encode())
        except UnicodeEncodeError:
            raise LocalProtocolError("a channel's name is not valid Unicode text") from None
        if not 0 < size_bytes <= NAME_BYTES_MAX:
            raise LocalProtocolError(
                f"a channel's name has 1 to {NAME_BYTES_MAX} bytes, not {size_bytes}"
            )


@dataclass(frozen=True, slots=True)
class Contact:
    """One person, on every device of theirs that we know."""

    key: PublicKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class OwnDevices:
    """Our own other devices that are enabled.

    With data sync what goes there is repeated until one of them has it: the deployed clients count
    acknowledgements for each identity.
    """


@dataclass(frozen=True, slots=True)
class OwnDevicesOnce:
    """Our own other devices that are enabled, without data sync: for what is repeated above."""


@dataclass(frozen=True, slots=True)
class EveryOwnDevice:
    """Every device of our own, known or not, paired or not; without data sync, as pairing is."""


Private: TypeAlias = Contact | OwnDevices | OwnDevicesOnce | EveryOwnDevice
Destination: TypeAlias = PublicChat | Private
