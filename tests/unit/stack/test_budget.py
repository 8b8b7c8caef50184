import pytest

from sottovoce.base.moment import Moment
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.gossip.seal import EnvelopeRoute, seal
from sottovoce.gossip.settings import MESSAGE_BYTES_MAX
from sottovoce.secure.sealing import overhead_bytes
from sottovoce.stack.budget import largest_message_bytes
from sottovoce.stack.destinations import Contact, OwnDevices, PublicChat
from sottovoce.stack.topics import topic_of_name
from sottovoce.sync.settings import BODY_BYTES_MAX
from vectors.scripted_entropy import SeededEntropy

ANNA = PrivateKey(b"anna's key is thirty-two bytes !")
BOB = secp256k1.public_key(PrivateKey(b"bob's key is of thirty-two bytes"))
LATEST = (1 << 32) - 1


def packet_bytes(payload_bytes: int, key: SymmetricKey | None) -> int:
    """Return the size of a packet with the largest envelope around so many bytes."""
    route = EnvelopeRoute(topic_of_name("lobby"), key or BOB, ANNA)
    now = Moment(0.0, LATEST - 15)
    unmined = seal(bytes(payload_bytes), route, ttl_s=15, now=now, entropy=SeededEntropy())
    return len(rlp.encode_list((unmined.mined((1 << 64) - 1).raw,)))


def test_largest_public_message_fills_an_envelope() -> None:
    largest = largest_message_bytes(PublicChat("lobby"), data_sync=True, devices=3)
    key = SymmetricKey(b"k" * 32)
    assert packet_bytes(largest, key) <= MESSAGE_BYTES_MAX
    assert packet_bytes(largest + 256, key) > MESSAGE_BYTES_MAX


@pytest.mark.parametrize("devices", [1, 3])
def test_largest_private_message_fits_for_every_device(devices: int) -> None:
    largest = largest_message_bytes(Contact(BOB), data_sync=False, devices=devices)
    sealed = largest + overhead_bytes(largest, devices=devices, id_bytes=128)
    assert packet_bytes(sealed, None) <= MESSAGE_BYTES_MAX
    assert packet_bytes(sealed + 256 * devices, None) > MESSAGE_BYTES_MAX


def test_data_sync_bounds_a_message_by_its_own_limit() -> None:
    for destination in (Contact(BOB), OwnDevices()):
        largest = largest_message_bytes(destination, data_sync=True, devices=3)
        assert largest == BODY_BYTES_MAX


def test_more_devices_leave_room_for_less() -> None:
    three, nine = (
        largest_message_bytes(Contact(BOB), data_sync=True, devices=count) for count in (3, 9)
    )
    assert nine < three // 2
