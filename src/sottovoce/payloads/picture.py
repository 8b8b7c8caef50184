"""Pictures: that their bytes are what they say, and the data URIs that contact updates carry.

It looks at the first bytes only; decoding a picture is work for whoever shows it.

Spec: RFC 2397 (data URIs); status-go v0.60, images of chat messages; the signatures of PNG, JPEG,
WebP and GIF files.
"""

import base64
import binascii
import re
from typing import Final

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.payloads.chat_message import ImageMessage, ImageType
from sottovoce.payloads.limits import IMAGE_BYTES_MAX, PICTURE_TEXT_BYTES_MAX

_STARTS: Final = {
    ImageType.PNG: re.compile(rb"\x89PNG\r\n\x1a\n"),
    ImageType.JPEG: re.compile(rb"\xff\xd8\xff"),
    ImageType.WEBP: re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    ImageType.GIF: re.compile(rb"GIF8[79]a"),
}
_MEDIA_TYPES: Final = {
    "image/png": ImageType.PNG,
    "image/jpeg": ImageType.JPEG,
    "image/jpg": ImageType.JPEG,  # no registered name, and written all the same
    "image/webp": ImageType.WEBP,
    "image/gif": ImageType.GIF,
}
_NAMES: Final = {
    ImageType.PNG: "image/png",
    ImageType.JPEG: "image/jpeg",
    ImageType.WEBP: "image/webp",
    ImageType.GIF: "image/gif",
}
_DATA_URI: Final = re.compile(r"data:([a-z/]+);base64,([0-9A-Za-z+/=\r\n]*)", re.ASCII)


def check_picture(image: ImageMessage) -> None:
    """Check that a picture has bytes, a known type, and the first bytes of that type.

    Raises:
        RemoteProtocolError: It has not.
    """
    if not 0 < len(image.payload) <= IMAGE_BYTES_MAX:
        raise RemoteProtocolError(f"a picture has 1 to {IMAGE_BYTES_MAX} bytes")
    start = next((form for known, form in _STARTS.items() if known == image.type), None)
    if start is None:
        raise RemoteProtocolError("a picture has an unknown type")
    if start.match(image.payload) is None:
        raise RemoteProtocolError("a picture's bytes are not of its type")


def encode_data_uri(image: ImageMessage) -> str:
    """Write a picture as contact updates carry it.

    Raises:
        LocalProtocolError: It is no picture, or too large for a contact update.
    """
    try:
        check_picture(image)
    except RemoteProtocolError as error:
        raise LocalProtocolError(str(error)) from None
    text = base64.b64encode(image.payload).decode("ascii")
    uri = f"data:{_NAMES[ImageType(image.type)]};base64,{text}"
    if len(uri) > PICTURE_TEXT_BYTES_MAX:
        raise LocalProtocolError(f"a profile picture has at most {PICTURE_TEXT_BYTES_MAX} bytes")
    return uri


def decode_data_uri(uri: str) -> ImageMessage:
    """Read the picture of a contact update.

    Raises:
        RemoteProtocolError: It is too long, no data URI of a known type, or its bytes are not of
            that type.
    """
    found = _DATA_URI.fullmatch(uri) if len(uri) <= PICTURE_TEXT_BYTES_MAX else None
    if found is None or found[1] not in _MEDIA_TYPES:
        raise RemoteProtocolError("a profile picture is no data URI of a known type")
    try:
        payload = base64.b64decode(found[2])
    except binascii.Error:
        payload = None
    if payload is None:
        raise RemoteProtocolError("a profile picture is not in base64")
    image = ImageMessage(payload, _MEDIA_TYPES[found[1]])
    check_picture(image)
    return image
