"""Protocol messages whose maps are in another order than ours."""

from sottovoce.proto import secure_pb2 as pb
from sottovoce.secure.bundle import Bundle, SignedPrekey
from sottovoce.secure.message import DirectMessage, ProtocolMessage
from sottovoce.secure.wire import encode_message
from vectors.map_order import in_map_order

BUNDLE = Bundle(
    identity=bytes(33),
    prekeys={"b": SignedPrekey(bytes([2] * 33), 300, 1), "a": SignedPrekey(bytes(33), 1, 1)},
    timestamp_ns=1 << 60,
    signature=bytes(65),
)
MESSAGE = ProtocolMessage(
    installation_id="sender",
    bundles=(BUNDLE,),
    direct={"long name": DirectMessage(bytes(200), ephemeral=bytes(33)), "a": DirectMessage(b"x")},
)


def as_deployed_clients_may_write(message: ProtocolMessage) -> bytes:
    """Encode with all maps in descending order."""
    parsed = pb.ProtocolMessage.FromString(encode_message(message))
    for entries in (parsed.direct_message, parsed.bundles[0].signed_pre_keys):
        entries.sort(key=lambda entry: entry.key, reverse=True)
    return parsed.SerializeToString()


def test_maps_in_another_order_are_brought_into_ours() -> None:
    written = as_deployed_clients_may_write(MESSAGE)
    assert written != encode_message(MESSAGE)
    assert in_map_order(written) == encode_message(MESSAGE)


def test_what_is_in_order_stays_as_it_is() -> None:
    assert in_map_order(encode_message(MESSAGE)) == encode_message(MESSAGE)


def test_bytes_that_differ_stay_different() -> None:
    written = bytearray(as_deployed_clients_may_write(MESSAGE))
    written[-1] ^= 1
    assert in_map_order(bytes(written)) != encode_message(MESSAGE)
