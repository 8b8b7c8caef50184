"""What can be set about the way of messages, with the numbers of the deployed clients.

Spec: status-go protocol/message_processor.go, protocol/encryption/publisher.
"""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.secure.settings import INSTALLATIONS_MAX, SecureSettings
from sottovoce.sync.settings import SyncSettings

TTL_S: Final = 15  # peers drop what is older; history is the mailservers' business
WORK_TIME_S: Final = 5.0

# A contact code is first published two minutes after the start, when peers are there and a program
# that is started for a moment has ended again; then every six hours.
CONTACT_CODE_FIRST_S: Final = 120.0
CONTACT_CODE_EVERY_S: Final = 6 * 3600.0

# A person who does not come back within this time is told "failed" and can send again by hand.
GIVE_UP_S: Final = 30 * 86_400


@dataclass(frozen=True, slots=True)
class StackSettings:
    """The settings of one person's stack.

    Attributes:
        data_sync: Whether private messages are repeated until they are acknowledged.
        ttl_s: Seconds of life of an envelope.
        pow_target: Proof of work of an envelope; None chooses by the size.
        work_time_s: Seconds that its search may take.
        contact_code_first_s: Seconds from the start to the first contact code; None for never.
        contact_code_every_s: Seconds between contact codes.
        give_up_s: Seconds after which a message that nobody acknowledged has failed.
        secure: Limits and lifetimes of secrecy.
        sync: Mode and schedule of data sync.

    Raises:
        LocalProtocolError: A time is not positive, or messages go to more than three devices:
            data sync fills its payloads so that three copies fit into an envelope.
    """

    data_sync: bool = True
    ttl_s: int = TTL_S
    pow_target: float | None = None
    work_time_s: float = WORK_TIME_S
    contact_code_first_s: float | None = CONTACT_CODE_FIRST_S
    contact_code_every_s: float = CONTACT_CODE_EVERY_S
    give_up_s: int = GIVE_UP_S
    secure: SecureSettings = field(default_factory=SecureSettings)
    sync: SyncSettings = field(default_factory=SyncSettings)

    def __post_init__(self) -> None:
        if min(self.ttl_s, self.contact_code_every_s, self.give_up_s) <= 0:
            raise LocalProtocolError("times are positive")
        if self.secure.installations_max > INSTALLATIONS_MAX:
            raise LocalProtocolError(f"a message goes to at most {INSTALLATIONS_MAX} devices")
