"""Links and QR texts that lead to a person, a public chat or a web site.

A contact's link can carry the signed bundle of their devices, as opaque bytes behind a ``#``: the
first message to them is then X3DH, without asking the network for anything. Status' app of 2020
does not read such a link, so one without a bundle is the default.

Texts come from strangers: whatever is wrong with one is a `RemoteProtocolError`.

Spec: status-react router (join.status.im, status-im:); Status 2/ACCOUNT, "Contact Discovery"
(docs/spec-deviations.md, "Links").
"""

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from sottovoce.base.errors import InvalidKeyError, RemoteProtocolError, ResourceLimitError
from sottovoce.base.quantities import PublicKey
from sottovoce.identity.multibase import BASES
from sottovoce.identity.public_key_text import (
    compact_key,
    hex_key,
    parse_compact_key,
    parse_hex_key,
)
from sottovoce.identity.utf8 import utf8

SCHEME: Final = "status-im://"  # opens the app itself and asks no web server
WEB: Final = "https://join.status.im/"  # opens a page that offers the app

# A bundle of one device has 200 bytes, and a further device adds 80; a link with as much as this
# fits into the largest QR code.
BUNDLE_BYTES_MAX: Final = 2048
# The longest link that we write has 2,886 characters.
LINK_CHARS_MAX: Final = 4096
NAME_CHARS_MAX: Final = 255  # the longest name that ENS can resolve

_USER: Final = "u/"
_OLD_USER: Final = "user/"
_BROWSE: Final = "b/"
_BUNDLE: Final = "#bundle="
_BASE64_URL: Final = BASES["u"]
_HEX_START: Final = "0x"
_COMPACT: Final = re.compile(r"zQ3sh[1-9A-HJ-NP-Za-km-z]{44}\Z")
_NAME: Final = re.compile(r"[^\s/?#:@]+\Z")
_DOT: Final = "."
_ENS_DOMAIN: Final = ".stateofus.eth"  # where Status registers its users' names

# Status registers user names of small letters and digits; keyboards like to begin with a capital.
# The shortest text of a key has 46 characters, so that one that lost some is still no user name,
# and neither are sixteen hex digits in a row.
_USER_NAME: Final = re.compile(r"(?!(?i:[0-9a-f]{16,})\Z)[0-9A-Za-z][0-9a-z]{0,39}\Z")
_LABEL_CHARS_MAX: Final = 63  # as in the domain name system, whose names ENS takes in, too
# What a key looks like that was damaged or cut. Whoever took it for a name would ask whether a
# stranger has registered it. Names of ENS have small letters alone; some begin like a number
# (0xanna).
_KEY_LIKE: Final = re.compile(
    r"""zQ3sh
    | (?i: zq3sh.{16} | 0x[0-9a-f]{12} | 0x.{38} | .*[0-9a-f]{38} )
    | .{0,5} (?=[0-9A-Z]*[a-z]) (?=[0-9a-z]*[A-Z]) [0-9A-Za-z]{40}""",
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class ContactLink:
    """Leads to a person by their key.

    Attributes:
        key: Whom it leads to.
        bundle: The signed bundle of their devices; empty if the link has none. Nothing about it
            is checked here, not even whose it is.

    Raises:
        ResourceLimitError: The bundle is too large for a link.
    """

    key: PublicKey
    bundle: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if len(self.bundle) > BUNDLE_BYTES_MAX:
            raise ResourceLimitError(f"a bundle in a link has at most {BUNDLE_BYTES_MAX} bytes")

    def text(self, *, web: bool = False, compact: bool = False) -> str:
        """Write the link.

        Args:
            web: Whether it opens in a browser, too; whoever serves the page then learns the key.
            compact: Whether the key is written in its short form, which programs of 2020 do not
                read.
        """
        start = WEB if web else SCHEME
        key = compact_key(self.key) if compact else hex_key(self.key)
        return start + _USER + key + self._bundle_text()

    def _bundle_text(self) -> str:
        if not self.bundle:
            return ""
        return _BUNDLE + _BASE64_URL.encode(self.bundle)


@dataclass(frozen=True, slots=True)
class NameLink:
    """Leads to a person by an ENS name, which the owner of an Ethereum node has to resolve.

    Attributes:
        name: The whole name, with its domain.

    Raises:
        RemoteProtocolError: It is no name, or a part of it is rather a damaged key.
    """

    name: str

    def __post_init__(self) -> None:
        _check_text(self.name)
        labels = self.name.split(_DOT)
        if len(labels) < 2:
            raise RemoteProtocolError("a name of ENS has a domain")
        for label in labels:
            if not 0 < len(label) <= _LABEL_CHARS_MAX:
                raise RemoteProtocolError("a part of a name is empty or too long")
            _check_no_key(label)

    def text(self, *, web: bool = False) -> str:
        """Write the link."""
        return (WEB if web else SCHEME) + _USER + self.name


@dataclass(frozen=True, slots=True)
class PublicChatLink:
    """Leads to a public chat.

    Attributes:
        name: The chat's name.

    Raises:
        RemoteProtocolError: A link cannot hold this name, or it is rather a key.
    """

    name: str

    def __post_init__(self) -> None:
        _check_text(self.name)
        _check_no_key(self.name)
        if not self.name.strip(_DOT):
            raise RemoteProtocolError("a public chat's name is not made of dots alone")

    def text(self, *, web: bool = False) -> str:
        """Write the link."""
        return (WEB if web else SCHEME) + self.name


@dataclass(frozen=True, slots=True)
class SiteLink:
    """Leads to a web site, as the link says it; whoever opens it decides whether that is wise.

    Attributes:
        site: A host name with or without a path.
    """

    site: str


Link: TypeAlias = ContactLink | NameLink | PublicChatLink | SiteLink


def parse_link(text: str) -> Link:
    """Read a link, or what else the QR code of a contact holds: a bare key or a bare name.

    Raises:
        RemoteProtocolError: It is too long, of another kind, or something in it is wrong.
    """
    text = text.strip()
    if len(text) > LINK_CHARS_MAX:
        raise RemoteProtocolError(f"a link has at most {LINK_CHARS_MAX} characters")
    for start in (SCHEME, WEB):
        if text[: len(start)].lower() == start:
            return _parse_target(text[len(start) :])
    if ":" in text:
        raise RemoteProtocolError(f"a link starts with {SCHEME} or {WEB}")
    return _parse_person(text)


def parse_contact_link(text: str) -> ContactLink | NameLink:
    """Read a link that leads to a person, or a bare key or name.

    Raises:
        RemoteProtocolError: It leads elsewhere, or something in it is wrong.
    """
    match parse_link(text):
        case ContactLink() | NameLink() as link:
            return link
        case _:
            raise RemoteProtocolError("the link does not lead to a person")


def _parse_target(target: str) -> Link:
    for start in (_USER, _OLD_USER):
        if target.startswith(start):
            return _parse_person(target[len(start) :])
    if target.startswith(_BROWSE):
        return _parse_site(target[len(_BROWSE) :])
    return PublicChatLink(target.rstrip("/"))


def _parse_person(text: str) -> ContactLink | NameLink:
    person, mark, bundle = text.partition(_BUNDLE)
    person = person.rstrip("/")
    if person[: len(_HEX_START)].lower() == _HEX_START and _DOT not in person:
        return ContactLink(parse_hex_key(person), _parse_bundle(mark, bundle))
    if _COMPACT.match(person):
        return ContactLink(parse_compact_key(person), _parse_bundle(mark, bundle))
    if mark:
        raise RemoteProtocolError("only a link with a key can carry a bundle")
    if _DOT in person:
        return NameLink(person)
    _check_no_key(person)
    if not _USER_NAME.match(person):
        raise RemoteProtocolError("a user name in a link is none, or the key in it is damaged")
    return NameLink(person + _ENS_DOMAIN)


def _parse_bundle(mark: str, text: str) -> bytes:
    if not mark:
        return b""
    raw = _BASE64_URL.decode(text)
    if not 0 < len(raw) <= BUNDLE_BYTES_MAX:
        raise RemoteProtocolError("the bundle in a link is empty or too large")
    return raw


def _parse_site(site: str) -> SiteLink:
    if not site or not site.isprintable() or " " in site:
        raise RemoteProtocolError("a link to a site names none")
    return SiteLink(site)


def _check_text(name: str) -> None:
    if utf8(name) is None:
        raise RemoteProtocolError("a name with half of a surrogate pair is none")
    if len(name) > NAME_CHARS_MAX or not _NAME.match(name) or not name.isprintable():
        raise RemoteProtocolError("a name in a link is empty, too long, or has a wrong character")


def _check_no_key(name: str) -> None:
    if _KEY_LIKE.match(name):
        raise InvalidKeyError("what stands for a name in a link is a key, damaged or out of place")
