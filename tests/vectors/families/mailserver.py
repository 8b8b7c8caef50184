"""What status-go's mailserver answers to requests of all forms, and how it keeps envelopes."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import envelope_hash
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.direct_packets import Completion, decode_completion_body
from sottovoce.gossip.envelope import Envelope, decode_envelope
from sottovoce.gossip.seal import open_envelope
from sottovoce.gossip.sync_packets import SyncResponse, decode_sync_request, encode_sync_response
from sottovoce.mail.cursor import Cursor, decode_cursor
from sottovoce.mail.request import HistoryRequest, decode_request, encode_request
from sottovoce.mail.server_events import RefuseSync, SendArchived, SendCompletion, SendSynced
from vectors.better_than_peer import BETTER_THAN_PEER
from vectors.case import Case
from vectors.mail_rule import better_answer
from vectors.mail_scene import MailScene, hashes
from vectors.text import unhex

# What the file's plain requests were run with, as its `fields` say.
PLAIN_PACKET_BYTES_MAX: Final = 1_048_576
# The Go server puts the asker's node id behind this, raw; we write our peer's key as text.
PEER_TEXT: Final = "query range too big for peer "
CODE_ARCHIVED: Final = 127
CODE_COMPLETE: Final = 125
CODE_SYNCED: Final = 124


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each element of each list."""
    for entry in document["stored"]:
        yield Case("stored", entry["hash"], partial(_check_stored, entry))
    for entry in document["db_keys"]:
        yield Case("db_keys", entry["hash"], partial(_check_key, entry))
    for entry in document["request_payloads"]:
        yield Case("request_payloads", entry["rlp"][:12], partial(_check_payload, entry))
    for entry in document["envelope_requests"]:
        check = partial(_check_envelope_request, document, entry)
        yield Case("envelope_requests", entry["name"], check)
    for entry in document["plain_requests"]:
        yield Case("plain_requests", entry["name"], partial(_check_plain, document, entry))
    for entry in document["sync_requests"]:
        yield Case("sync_requests", entry["name"], partial(_check_sync, document, entry))
    # Each step is checked with all steps before it.
    for number, entry in enumerate(document["prune_in_sequence"], 1):
        check = partial(_check_pruning, document, number)
        yield Case("prune_in_sequence", f"older than {entry['older_than']}", check)


def _check_stored(entry: dict[str, Any]) -> None:
    envelope = decode_envelope(unhex(entry["rlp"]))
    assert envelope.sent_unix_s == entry["sent"]
    assert envelope.topic == unhex(entry["topic"])
    assert envelope.hash == unhex(entry["hash"])
    cursor = Cursor(envelope.sent_unix_s, envelope.hash)
    assert cursor.encode() == unhex(entry["cursor"])
    assert cursor.encode() + envelope.topic == unhex(entry["db_key"])


def _check_key(entry: dict[str, Any]) -> None:
    cursor = Cursor(entry["timestamp"], envelope_hash(unhex(entry["hash"])))
    assert cursor.encode() == unhex(entry["cursor"])
    assert decode_cursor(unhex(entry["cursor"])) == cursor
    assert cursor.encode() + unhex(entry["topic"]) == unhex(entry["key"])


def _check_payload(entry: dict[str, Any]) -> None:
    request = HistoryRequest(
        from_unix_s=entry["lower"],
        to_unix_s=entry["upper"],
        bloom=unhex(entry["bloom"]),
        topics=tuple(unhex(topic) for topic in entry["topics"]),
        limit=entry["limit"],
        cursor=unhex(entry["cursor"]),
        batch=entry["batch"],
    )
    assert decode_request(unhex(entry["rlp"])) == request
    if request.bloom:
        assert encode_request(request) == unhex(entry["rlp"])


def _check_envelope_request(document: dict[str, Any], entry: dict[str, Any]) -> None:
    envelope = decode_envelope(unhex(entry["request_envelope_rlp"]))
    assert envelope.hash == unhex(entry["request_id"])
    _check_recorded_request(document, envelope, entry)
    scene = MailScene(
        document,
        packet_bytes_max=entry["max_message_size"],
        pause_s=entry["rate_limit_seconds"],
    )
    outputs = [output for _ in range(entry["times_sent"]) for output in scene.ask(envelope.raw)]
    if entry["result"] != "done":
        # The Go server broke down: an error is in its place.
        (completion,) = outputs
        assert isinstance(completion, SendCompletion)
        assert decode_completion_body(completion.body).error is not None
        return
    expected = entry["sent_by_server"]
    if ("mailserver", entry["name"]) in BETTER_THAN_PEER:
        expected = better_answer(document, entry)
    _check_sent(document, outputs, expected)


def _check_recorded_request(
    document: dict[str, Any], envelope: Envelope, entry: dict[str, Any]
) -> None:
    """Open the request with either key of the server, and read what it asks for."""
    server = document["server"]
    keys = (
        SymmetricKey(unhex(server["symmetric_key"])),
        secp256k1.private_key(unhex(server["asymmetric_private_key"])),
    )
    opened = [message for key in keys if (message := open_envelope(envelope, key, pow=0.0))]
    payload = unhex(entry["request_payload"])
    # Some are sealed for another password.
    assert [message.payload for message in opened] == [payload] * len(opened)
    fields = entry["fields"]
    if fields is None:
        return
    try:
        request = decode_request(payload)
    except RemoteProtocolError:
        return  # What is answered to it is what counts.
    assert {
        "lower": request.from_unix_s,
        "upper": request.to_unix_s,
        "bloom": request.bloom,
        "topics": len(request.topics),
        "limit": request.limit,
        "cursor": request.cursor,
        "batch": request.batch,
    } == {**fields, "bloom": unhex(fields["bloom"]), "cursor": unhex(fields["cursor"])}


def _check_plain(document: dict[str, Any], entry: dict[str, Any]) -> None:
    scene = MailScene(document, packet_bytes_max=PLAIN_PACKET_BYTES_MAX)
    outputs = scene.ask(unhex(entry["request_rlp"]))
    _check_sent(document, outputs, entry["sent_by_server"])


def _check_sent(
    document: dict[str, Any], outputs: list[Any], expected: list[dict[str, Any]]
) -> None:
    assert len(outputs) == len(expected)
    for output, packet in zip(outputs, expected, strict=True):
        if packet["code"] == CODE_ARCHIVED:
            assert isinstance(output, SendArchived)
            assert hashes(output.envelopes) == packet["envelope_hashes"]
            assert sum(map(len, output.envelopes)) == packet["total_rlp_bytes"]
        else:
            assert packet["code"] == CODE_COMPLETE
            assert isinstance(output, SendCompletion)
            _check_body(document, output.body, unhex(packet["body"]))


def _check_body(document: dict[str, Any], body: bytes, expected: bytes) -> None:
    wanted, peer_id = decode_completion_body(expected), unhex(document["peer_id"])
    if wanted.error is not None and expected.endswith(PEER_TEXT.encode() + peer_id):
        got: Completion = decode_completion_body(body)
        assert got.request_id == wanted.request_id
        assert got.error is not None
        assert got.error.startswith(PEER_TEXT)
        return
    assert body == expected


def _check_sync(document: dict[str, Any], entry: dict[str, Any]) -> None:
    scene = MailScene(document, packet_bytes_max=entry["max_message_size"])
    try:
        request = decode_sync_request(unhex(entry["request_rlp"]))
    except RemoteProtocolError:
        assert entry["error"] is not None
        return
    outputs = scene.ask_sync(request)
    if entry["error"] is not None:
        assert outputs == [RefuseSync(1, entry["error"])]
        return
    assert len(outputs) == len(entry["sent_by_server"])
    for output, packet in zip(outputs, entry["sent_by_server"], strict=True):
        assert packet["code"] == CODE_SYNCED
        assert isinstance(output, SendSynced)
        assert hashes(output.envelopes) == packet["envelope_hashes"]
        assert output.cursor == unhex(packet["cursor"])
        assert output.final == packet["final"]
        assert packet["error"] == ""
        if "payload" in packet:
            response = SyncResponse((), output.cursor, output.final)
            assert encode_sync_response(response) == unhex(packet["payload"])


def _check_pruning(document: dict[str, Any], steps: int) -> None:
    scene = MailScene(document, packet_bytes_max=PLAIN_PACKET_BYTES_MAX)
    removed = [scene.prune(entry["older_than"]) for entry in document["prune_in_sequence"][:steps]]
    assert removed == [entry["removed"] for entry in document["prune_in_sequence"][:steps]]
    assert all(entry["error"] is None for entry in document["prune_in_sequence"])
    left = len(document["stored"]) - sum(removed)
    assert scene.machine.statistics.archive_envelopes == left
