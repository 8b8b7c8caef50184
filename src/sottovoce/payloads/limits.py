"""How large a payload may be, and how far ahead its clock.

The specifications leave nearly all of this to the receiver. Every bound lies far above what the
clients of 2020 write, so that nothing honest is lost, and far below what would hurt.

Spec: Status specs 6 (payloads); status-go protocol/message_validator.go (clocks).
"""

from typing import Final

# The network carries no larger envelope, so that no wrapper can be larger either.
WRAPPER_BYTES_MAX: Final = 1024 * 1024

# Fields that no version up to ours has, in one payload or group event with all that is in it. Later
# clients add some hundred bytes. To look at them costs 0.1 microseconds a byte, 2 ms for as many
# of the smallest as fit; without a bound a megabyte of them would hold everything up for 0.4 s.
UNKNOWN_FIELDS_BYTES_MAX: Final = 16 * 1024

# Four times what later clients let people write (4,096 characters of at most four bytes).
TEXT_BYTES_MAX: Final = 64 * 1024

# Ids, names, amounts, addresses. The longest honest one is a group's id with 169 bytes.
SHORT_TEXT_BYTES_MAX: Final = 1024

# Profile pictures are data URIs of some kB; one of this size fits into every contact update.
PICTURE_TEXT_BYTES_MAX: Final = 256 * 1024

# Half of what an envelope can carry; later clients shrink pictures below it.
IMAGE_BYTES_MAX: Final = 512 * 1024

# Recordings fill an envelope at most; what is around them needs the rest of it.
AUDIO_BYTES_MAX: Final = 960 * 1024

# Longer recordings do not fit into an envelope at any usable quality: one hour.
AUDIO_DURATION_MS_MAX: Final = 3_600_000

# A wallet signature has 65 bytes; what is longer is no signature.
WALLET_SIGNATURE_BYTES_MAX: Final = 1024

# Events of one group update. Each costs the recovery of a key, up to a tenth of a millisecond, and
# an update that has none but the smallest would hold 15,000 of them.
EVENTS_MAX: Final = 1024

# Bytes of one group event: a list of every member that it may name.
EVENT_BYTES_MAX: Final = 256 * 1024

# People that one group event names. Clients of 2020 show groups of a few dozen.
EVENT_MEMBERS_MAX: Final = 1024

# Members of a group, and admins. Each event is applied to all of them, and 1,024 events follow one
# another.
GROUP_PEOPLE_MAX: Final = 1024

# Contacts and public chats that one device hands to another in one payload. The smallest take
# two bytes each, and every one becomes a value.
SYNC_ENTRIES_MAX: Final = 4096

# Tags of a contact. There are three in the whole protocol.
TAGS_MAX: Final = 64

# Entries of a contact code's advertisement; one for each device of a person.
ADVERTISED_MAX: Final = 1024

# How far a clock may be ahead of the time that it is compared with, as in every deployed client.
CLOCK_AHEAD_MS_MAX: Final = 120_000

# The same for the events of groups, compared with our own time. Two people whose clocks are each
# two minutes off, one fast and one slow, see one another's events four minutes apart; what a member
# signed stands in every message from then on, so that refusing it would refuse all of them.
GROUP_CLOCK_AHEAD_MS_MAX: Final = 300_000

# The last millisecond of the year 9999: calendars end there, and 64-bit stores are signed.
TIMESTAMP_UNIX_MS_MAX: Final = 253_402_300_799_999

# One record of a feed between our own devices, and a whole feed payload's records. The largest
# record is a message with its picture; what is larger goes without what it encloses.
FEED_RECORD_BYTES_MAX: Final = 192 * 1024

# Records of one feed payload: a chunk of 48 kB holds some hundred of the smallest.
FEED_RECORDS_MAX: Final = 1024

# Devices of our own that one feed payload speaks to. A person has three.
FEED_PLACES_MAX: Final = 16

# What names the life of a device's list of changes: 8 random bytes.
FEED_LIFE_BYTES_MAX: Final = 32

# Numbers of changes: SQLite counts to twice as much.
FEED_NUMBER_MAX: Final = 1 << 62
