"""Which format a picture's file has, by its first bytes."""

from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.payloads.chat_message import ImageMessage, ImageType, StickerMessage

_STARTS: Final = {
    b"\x89PNG\r\n\x1a\n": ImageType.PNG,
    b"\xff\xd8\xff": ImageType.JPEG,
    b"GIF87a": ImageType.GIF,
    b"GIF89a": ImageType.GIF,
}
_RIFF: Final = b"RIFF"
_WEBP: Final = b"WEBP"
_WEBP_AT: Final = 8  # after RIFF and the length of the file


def image_message(
    image: bytes | None, sticker: StickerMessage | None
) -> ImageMessage | StickerMessage | None:
    """Make the attachment of a picture's file, of a sticker, or of neither.

    Raises:
        LocalProtocolError: Both are given, or the file is no PNG, JPEG, WebP or GIF.
    """
    if image is None:
        return sticker
    if sticker is not None:
        raise LocalProtocolError("a message has a picture or a sticker, not both")
    return ImageMessage(image, _type_of(image))


def _type_of(image: bytes) -> ImageType:
    for start, kind in _STARTS.items():
        if image.startswith(start):
            return kind
    if image.startswith(_RIFF) and image[_WEBP_AT:].startswith(_WEBP):
        return ImageType.WEBP
    raise LocalProtocolError("the picture is no PNG, JPEG, WebP or GIF file")
