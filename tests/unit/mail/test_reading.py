"""Reading requests: three forms, the texts of status-go, and what makes no sense."""

from dataclasses import replace

import pytest

from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import SymmetricKey
from sottovoce.codec import rlp
from sottovoce.gossip.dialect import WAKU_WORLD, WHISPER_WORLD
from sottovoce.gossip.direct_packets import PlainRequest, encode_plain_request
from sottovoce.gossip.envelope import SECONDS_MAX
from sottovoce.gossip.sync_packets import SyncRequest
from sottovoce.mail.archive import Selection
from sottovoce.mail.cursor import Cursor
from sottovoce.mail.reading import (
    REQUEST_BYTES_MAX,
    Refused,
    Wanted,
    recognize,
    request_id,
    understand,
    understand_sync,
)
from sottovoce.mail.request import HistoryRequest, encode_request
from sottovoce.mail.server_statistics import Refusal
from sottovoce.mail.settings import ServerSettings
from unit.mail.mail_bench import (
    FULL,
    NODE_KEY,
    PASSWORD_KEY,
    SETTINGS,
    START,
    START_UNIX_S,
    TOPIC,
    WANTED,
    asker,
    node_public_key,
    request,
    sealed,
    wanted_topics,
)

PLAIN = PlainRequest(b"\x09" * 32, START_UNIX_S, START_UNIX_S + 60, 5, b"", FULL)
EVERYTHING = int.from_bytes(FULL, "big")


def read(
    payload: bytes, settings: ServerSettings = SETTINGS, *, world: int = WHISPER_WORLD
) -> Wanted | Refused:
    recognized = recognize(payload)
    assert recognized is not None
    return understand(recognized, asker(), settings, START, world=world)


def selection(payload: bytes) -> Selection:
    wanted = read(payload)
    assert isinstance(wanted, Wanted)
    return wanted.selection


def refusal(
    payload: bytes, settings: ServerSettings = SETTINGS, *, world: int = WHISPER_WORLD
) -> str:
    refused = read(payload, settings, world=world)
    assert isinstance(refused, Refused)
    return refused.detail


def listed(**changes: rlp.Encodable) -> bytes:
    """Seal a list of seven items that no client of ours would make."""
    items: dict[str, rlp.Encodable] = {
        "lower": START_UNIX_S,
        "upper": START_UNIX_S + 60,
        "bloom": FULL,
        "topics": (),
        "limit": 0,
        "cursor": b"",
        "batch": 1,
    }
    return sealed(rlp.encode(tuple((items | changes).values()))).raw


def test_sealed_request_is_read_with_all_its_items() -> None:
    cursor = Cursor(START_UNIX_S, request().hash)
    wanted = replace(wanted_topics(TOPIC), limit=7, cursor=cursor.encode(), batch=False)
    assert read(request(wanted).raw) == Wanted(
        Selection(
            wanted.from_unix_s,
            wanted.to_unix_s,
            frozenset({TOPIC}),
            int.from_bytes(wanted.bloom, "big"),
            cursor,
            7,
            SETTINGS.answer_bytes_max,
        ),
        batch=False,
        finds_nothing=False,
    )


def test_name_of_a_sealed_request_is_its_hash() -> None:
    recognized = recognize(request().raw)
    assert recognized is not None
    assert request_id(recognized) == request().hash


@pytest.mark.parametrize(
    ("name", "padded"),
    [
        (b"\x09" * 32, b"\x09" * 32),
        (b"\x09", b"\x09".rjust(32, b"\0")),
        (b"\x08" * 33, b"\x08" * 32),
    ],
)
def test_name_of_a_plain_request_has_32_bytes(name: bytes, padded: bytes) -> None:
    assert request_id(replace(PLAIN, request_id=name)) == padded


def test_plain_request_needs_no_password_and_comes_in_batches() -> None:
    wanted = read(encode_plain_request(PLAIN))
    assert isinstance(wanted, Wanted)
    assert wanted.batch
    assert wanted.selection.limit == 5


@pytest.mark.parametrize("payload", [b"", b"\xc0", b"\x80", b"\xff" * 40, rlp.encode((1, 2, 3))])
def test_what_has_no_form_of_a_request_is_not_recognized(payload: bytes) -> None:
    assert recognize(payload) is None


@pytest.mark.parametrize("key", [PASSWORD_KEY, node_public_key()])
def test_either_key_opens_a_request(key: SymmetricKey | PublicKey) -> None:
    assert isinstance(read(sealed(encode_request(WANTED), key=key).raw), Wanted)


def test_key_that_the_server_does_not_have_opens_nothing() -> None:
    text = "failed to decrypt p2p request"
    assert refusal(request().raw, ServerSettings(node_key=NODE_KEY)) == text
    to_node = sealed(encode_request(WANTED), key=node_public_key()).raw
    assert refusal(to_node, ServerSettings(password_key=PASSWORD_KEY)) == text


def test_unsigned_request_is_refused() -> None:
    unsigned = sealed(encode_request(WANTED), signer=None)
    assert refusal(unsigned.raw) == "wrong signature of p2p request"


def test_work_is_judged_before_anything_is_opened() -> None:
    assert refusal(sealed(b"", pow=0).raw, replace(SETTINGS, minimum_pow=1e9)) == "PoW() is too low"


def test_missing_values_have_their_meaning() -> None:
    found = selection(request(HistoryRequest(1, 0, FULL, limit=0)).raw)
    assert found.to_unix_s == START_UNIX_S + 60
    assert found.limit == 1000


def test_last_second_there_is_finds_nothing_as_in_go() -> None:
    wanted = read(request(replace(WANTED, to_unix_s=SECONDS_MAX)).raw)
    assert isinstance(wanted, Wanted)
    assert wanted.finds_nothing


@pytest.mark.parametrize("size", [0, 1, 35, 37, 40])
def test_cursor_of_another_length_is_ignored(size: int) -> None:
    assert selection(listed(cursor=b"\x01" * size)).after is None


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"bloom": b""}, "bloom filter is empty"),
        ({"bloom": b"", "topics": (TOPIC,)}, "bloom filter is empty"),
        ({"bloom": FULL[1:]}, "bloom filter has 63 bytes, not 64"),
        ({"bloom": FULL + b"\x01"}, "bloom filter has 65 bytes, not 64"),
        ({"limit": 1001}, "limit exceeds the maximum allowed value"),
        ({"limit": 0xFFFFFFFF}, "limit exceeds the maximum allowed value"),
        ({"topics": (TOPIC, b"\x01\x02\x03")}, "a topic has not 4 bytes"),
        ({"lower": START_UNIX_S + 100, "upper": 0}, "query range is invalid: lower > upper"),
    ],
)
def test_list_that_makes_no_sense_is_refused(changes: dict[str, rlp.Encodable], fault: str) -> None:
    assert refusal(listed(**changes)) == f"request is invalid: {fault}"


def test_plain_request_that_makes_no_sense_is_refused() -> None:
    backwards = rlp.encode((b"\x09" * 32, 5, 4, 0, b"", FULL))
    assert refusal(backwards) == "request is invalid: query range is invalid: lower > upper"


def test_ten_thousand_and_one_topics_are_refused() -> None:
    many = tuple(number.to_bytes(4, "big") for number in range(10_001))
    assert refusal(listed(topics=many)).startswith("query range is invalid: from > to")
    assert len(selection(listed(topics=many[1:])).topics) == 10_000


def test_request_that_is_too_large_is_not_opened() -> None:
    large = sealed(b"\x00" * REQUEST_BYTES_MAX, pow=0)
    refused = read(large.raw)
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.TOO_LARGE


# ---- the old binary form


def bounds(lower: int, upper: int) -> bytes:
    return lower.to_bytes(4, "big") + upper.to_bytes(4, "big")


DAY_BEFORE = bounds(START_UNIX_S - 86_400, START_UNIX_S)


def test_bounds_alone_ask_for_everything_one_to_a_packet() -> None:
    wanted = read(sealed(DAY_BEFORE).raw)
    assert isinstance(wanted, Wanted)
    assert wanted.selection.bloom == EVERYTHING
    assert wanted.selection.limit == 1000
    assert not wanted.batch


def test_binary_form_has_a_bloom_and_a_limit_and_no_cursor() -> None:
    payload = DAY_BEFORE + b"\x00" * 63 + b"\x01" + (9).to_bytes(4, "big") + b"\x22" * 36
    found = selection(sealed(payload).raw)
    assert (found.bloom, found.limit, found.after) == (1, 9, None)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b"", "Undersized p2p request"),
        (b"\x01" * 7, "Undersized p2p request"),
        (DAY_BEFORE + b"\x01", "Undersized bloom filter in p2p request"),
        (DAY_BEFORE + FULL[1:], "Undersized bloom filter in p2p request"),
        (bounds(9, 8), "query range is invalid: from > to (9 > 8)"),
        (bounds(0, 86_401), "query range too big for peer " + asker().raw.hex()),
        (
            DAY_BEFORE + FULL + (1001).to_bytes(4, "big"),
            "request is invalid: limit exceeds the maximum allowed value",
        ),
    ],
)
def test_binary_form_is_refused_with_its_own_texts(payload: bytes, text: str) -> None:
    assert refusal(sealed(payload).raw) == text


def test_list_with_bounds_the_wrong_way_round_is_told_the_error_of_the_binary_form() -> None:
    assert refusal(listed(lower=9, upper=8)).startswith("query range is invalid: from > to (")


# ---- Waku


def in_waku(payload: bytes, settings: ServerSettings = SETTINGS) -> str:
    return refusal(payload, settings, world=WAKU_WORLD)


def test_list_is_read_alike_in_both_worlds() -> None:
    wanted = replace(wanted_topics(TOPIC), limit=7)
    assert read(request(wanted).raw, world=WAKU_WORLD) == read(request(wanted).raw)


@pytest.mark.parametrize("payload", [b"", b"\x01" * 7, DAY_BEFORE, DAY_BEFORE + FULL])
def test_waku_knows_no_binary_form(payload: bytes) -> None:
    assert in_waku(sealed(payload).raw).startswith("failed to decode data: ")


def test_list_of_six_items_is_told_for_what_it_is() -> None:
    six = sealed(rlp.encode((START_UNIX_S, START_UNIX_S + 60, FULL, 0, b"", 1)))
    assert in_waku(six.raw) == "failed to decode data: mail request: expected seven items"


def test_texts_of_waku() -> None:
    text = "check message signature failed: wrong signature of p2p request"
    assert in_waku(sealed(encode_request(WANTED), signer=None).raw) == text
    assert in_waku(sealed(b"", pow=0).raw, replace(SETTINGS, minimum_pow=1e9)) == "PoW too low"
    only_node = ServerSettings(node_key=NODE_KEY)
    assert in_waku(request().raw, only_node) == "failed to decrypt p2p request"
    assert in_waku(listed(limit=1001)).startswith("request is invalid: limit")


@pytest.mark.parametrize("bounds", [(9, 8), (START_UNIX_S + 100, 0)])
def test_bounds_the_wrong_way_round_are_told_for_what_they_are(bounds: tuple[int, int]) -> None:
    lower, upper = bounds
    text = "query range is invalid: lower > upper"
    assert in_waku(listed(lower=lower, upper=upper)) == text


def test_plain_request_with_topics_asks_for_these() -> None:
    named = replace(PLAIN, topics=(TOPIC,))
    wanted = read(encode_plain_request(named), world=WAKU_WORLD)
    assert isinstance(wanted, Wanted)
    assert wanted.selection.topics == {TOPIC}
    without = encode_plain_request(replace(named, bloom=b""))
    assert in_waku(without) == "request is invalid: bloom filter is empty"


# ---- sync


def test_sync_request_is_read() -> None:
    wanted = understand_sync(SyncRequest(1, 2, FULL, 3), asker(), SETTINGS, START)
    assert isinstance(wanted, Wanted)
    assert (wanted.selection.from_unix_s, wanted.selection.to_unix_s) == (1, 2)
    assert wanted.selection.limit == 3


@pytest.mark.parametrize("bloom", [b"", FULL[1:]])
def test_sync_request_without_a_whole_filter_is_refused(bloom: bytes) -> None:
    refused = understand_sync(SyncRequest(1, 2, bloom, 3), asker(), SETTINGS, START)
    assert isinstance(refused, Refused)
    assert refused.detail.startswith("request is invalid: bloom filter")


# ---- with a password of its own


PRIVATE = replace(SETTINGS, is_public=False)


def test_forms_that_prove_no_password_are_refused_where_there_is_one() -> None:
    refused = read(encode_plain_request(PLAIN), PRIVATE)
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.NOT_ADMITTED
    assert "password" in refused.detail
    assert understand_sync(SyncRequest(1, 2, FULL, 3), asker(), PRIVATE, START) == refused


def test_peer_that_is_admitted_needs_no_password() -> None:
    settings = replace(PRIVATE, admitted=frozenset({asker()}))
    assert isinstance(read(encode_plain_request(PLAIN), settings), Wanted)
    wanted = understand_sync(SyncRequest(1, 2, FULL, 3), asker(), settings, START)
    assert isinstance(wanted, Wanted)
    other = understand_sync(SyncRequest(1, 2, FULL, 3), asker(7), settings, START)
    assert isinstance(other, Refused)
