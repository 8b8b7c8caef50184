import pytest

from sottovoce.base.errors import InvalidKeyError, RemoteProtocolError, ResourceLimitError
from sottovoce.crypto.secp256k1 import GENERATOR
from sottovoce.identity import multibase
from sottovoce.identity.contact_link import (
    BUNDLE_BYTES_MAX,
    LINK_CHARS_MAX,
    ContactLink,
    NameLink,
    PublicChatLink,
    SiteLink,
    parse_contact_link,
    parse_link,
)
from sottovoce.identity.public_key_text import compact_key, hex_key

HEX = hex_key(GENERATOR)
COMPACT = compact_key(GENERATOR)


def test_link_of_a_key_is_that_of_status() -> None:
    assert ContactLink(GENERATOR).text() == f"status-im://u/{HEX}"
    assert ContactLink(GENERATOR).text(web=True) == f"https://join.status.im/u/{HEX}"


@pytest.mark.parametrize(
    "text",
    [
        HEX, COMPACT, f"  {HEX}\n", f"status-im://u/{HEX}", f"status-im://user/{HEX}",
        f"https://join.status.im/u/{HEX}", f"https://join.status.im/user/{HEX}/",
        f"HTTPS://Join.Status.im/u/{COMPACT}", f"status-im://u/{COMPACT}",
    ],
)  # fmt: skip
def test_key_is_found_in_all_that_a_code_may_hold(text: str) -> None:
    assert parse_link(text) == parse_contact_link(text) == ContactLink(GENERATOR)


@pytest.mark.parametrize("web", [False, True])
@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("size_bytes", [1, 2, 3, 200, BUNDLE_BYTES_MAX])
def test_bundle_travels_in_the_link(size_bytes: int, compact: bool, web: bool) -> None:
    link = ContactLink(GENERATOR, bytes(place % 256 for place in range(size_bytes)))
    assert parse_contact_link(link.text(web=web, compact=compact)) == link


def test_bundle_stands_behind_the_key() -> None:
    assert ContactLink(GENERATOR, b"\xfb\xff").text() == f"status-im://u/{HEX}#bundle=-_8"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("anna", "anna.stateofus.eth"),
        ("anna.eth", "anna.eth"),
        ("0xanna.eth", "0xanna.eth"),
        ("status-im://u/anna", "anna.stateofus.eth"),
        ("https://join.status.im/user/anna.example.eth", "anna.example.eth"),
    ],
)
def test_name_gets_the_usual_domain_if_it_has_none(text: str, name: str) -> None:
    assert parse_contact_link(text) == NameLink(name)
    assert parse_link(NameLink(name).text()) == parse_link(NameLink(name).text(web=True))
    assert parse_link(NameLink(name).text()) == NameLink(name)


@pytest.mark.parametrize("text", ["status-im://status", "https://join.status.im/status"])
def test_public_chat_is_found(text: str) -> None:
    assert parse_link(text) == PublicChatLink("status")
    assert text in {PublicChatLink("status").text(), PublicChatLink("status").text(web=True)}
    with pytest.raises(RemoteProtocolError, match="person"):
        parse_contact_link(text)


def test_site_is_found_and_left_to_others() -> None:
    assert parse_link("status-im://b/example.org/path?x#y") == SiteLink("example.org/path?x#y")


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "status-im://", "https://join.status.im/", "status-im://u/", "status-im://user/",
        "status-im://b/", "status-im://b/two words", "status-im://u/two words", "status-im://a?b",
        "status-im://u/anna?x=1", "status-im://u/anna@b", "status-im://u/anna/b", "status-im://a#b",
        "http://join.status.im/u/anna", "https://example.org/u/anna", "ethereum:0x00",
        "javascript:x",
        f"status-im://{HEX}/", "status-im://u/\ud800", "status-im://b/\ud800", "\u202eanna",
        "\x1b[1m",
        "a" * 256, "status-im://u/#bundle=AA", "status-im://u/anna#bundle=AA", "anna#bundle=AA",
        f"{HEX}#bundle=", f"{HEX}#bundle=A", f"{HEX}#bundle=A+", f"{HEX}#bundle=AA==",
        f"{HEX}#x=AA",
        f"{HEX}#bundle=AA#bundle=AA", f"{HEX}?bundle=AA",
    ],
)  # fmt: skip
def test_link_that_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_contact_link(text)


@pytest.mark.parametrize(
    "key", ["0x", "0x04", HEX[:-1], HEX + "0", HEX[:-1] + "9", "0x02" + HEX[4:68]]
)
def test_key_that_is_wrong_is_refused(key: str) -> None:
    with pytest.raises(InvalidKeyError):
        parse_link(f"status-im://u/{key}")


def test_compact_key_of_no_point_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        parse_link(multibase.encode("z", b"\xe7\x01\x02" + b"\xff" * 32))


def test_oversized_link_is_refused_before_it_is_read() -> None:
    with pytest.raises(RemoteProtocolError, match="4096"):
        parse_link(f"{HEX}#bundle=" + "A" * LINK_CHARS_MAX)


def test_oversized_bundle_is_neither_written_nor_read() -> None:
    with pytest.raises(ResourceLimitError, match="2048"):
        ContactLink(GENERATOR, bytes(BUNDLE_BYTES_MAX + 1))
    with pytest.raises(RemoteProtocolError, match="too large"):
        parse_link(f"{HEX}#bundle=" + "A" * 2732)


def test_repr_shows_no_bundle() -> None:
    assert "bundle" not in repr(ContactLink(GENERATOR, b"secret"))


def test_name_without_a_domain_is_no_name() -> None:
    with pytest.raises(RemoteProtocolError, match="domain"):
        NameLink("anna")


def damaged(key: str) -> list[str]:
    """Return what becomes of a key that loses a letter, gains one, or gets a wrong one."""
    return [
        key[:-1], key[:-5], key[: len(key) // 2], key[1:], key + key[-1], key[:20] + key[21:],
        key[:20] + "O" + key[21:], key[:20] + "." + key[21:], key[:20] + ".." + key[21:],
        key.swapcase(), key.upper(), key + ".", "." + key, key + ".eth", key[:-1] + ".eth",
    ]  # fmt: skip


@pytest.mark.parametrize("text", [*damaged(HEX), *damaged(COMPACT), *damaged(HEX[2:])])
@pytest.mark.parametrize("start", ["", "status-im://u/", "https://join.status.im/user/"])
def test_damaged_key_is_refused_and_never_taken_for_a_name(start: str, text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_link(start + text)


@pytest.mark.parametrize("key", [HEX, COMPACT, HEX[:-1], COMPACT[:-1], HEX.upper(), HEX[2:]])
@pytest.mark.parametrize("start", ["status-im://", "https://join.status.im/"])
def test_key_out_of_place_is_no_public_chat(start: str, key: str) -> None:
    with pytest.raises(InvalidKeyError, match="key"):
        parse_link(start + key)
    with pytest.raises(InvalidKeyError, match="key"):
        PublicChatLink(key)


@pytest.mark.parametrize(
    "name",
    [
        ".", "..", "...", ".eth", "eth.", "a..eth", "a.eth.", ".a.eth", "n" * 64 + ".eth",
        "a-b", "a_b", "anna!", "n" * 41, "aNna", "ANNA", "0123456789abcdef", COMPACT[-20:],
        "anna\u200d", "\u00e4nna",
    ],
)  # fmt: skip
def test_name_with_an_impossible_part_is_refused(name: str) -> None:
    for text in (name, f"status-im://u/{name}", f"https://join.status.im/user/{name}"):
        with pytest.raises(RemoteProtocolError):
            parse_link(text)


@pytest.mark.parametrize(
    "name", ["a.eth", "0xanna.eth", "0xabcdef.eth", "a-b.c_d.eth", "n" * 63 + ".eth", "\u00e4.eth"]
)
def test_name_whose_parts_are_possible_is_taken(name: str) -> None:
    assert parse_link(name) == NameLink(name)


def test_user_name_may_begin_with_a_capital() -> None:
    assert parse_link("Anna1") == NameLink("Anna1.stateofus.eth")


@pytest.mark.parametrize("name", ["status-core", "n" * 255, "\u00e4-Chat", "0xpeople", "Cafe"])
def test_public_chat_may_have_any_name_that_is_no_key(name: str) -> None:
    assert parse_link(f"status-im://{name}") == PublicChatLink(name)


@pytest.mark.parametrize("name", [".", "..", "..."])
def test_public_chat_is_not_made_of_dots(name: str) -> None:
    with pytest.raises(RemoteProtocolError, match="dots"):
        parse_link(f"https://join.status.im/{name}")
