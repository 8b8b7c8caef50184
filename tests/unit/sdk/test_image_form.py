import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.payloads.chat_message import ImageMessage, ImageType, StickerMessage
from sottovoce.sdk.image_form import image_message


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", ImageType.PNG),
        (b"\xff\xd8\xff\xe0", ImageType.JPEG),
        (b"GIF87a", ImageType.GIF),
        (b"GIF89a", ImageType.GIF),
        (b"RIFF\x00\x00\x00\x00WEBP", ImageType.WEBP),
    ],
)
def test_format_is_known_by_the_first_bytes(start: bytes, kind: ImageType) -> None:
    assert image_message(start + b"rest", None) == ImageMessage(start + b"rest", kind)


@pytest.mark.parametrize("image", [b"", b"BM", b"RIFF\x00\x00\x00\x00WAVE", b"<svg>"])
def test_other_file_is_refused(image: bytes) -> None:
    with pytest.raises(LocalProtocolError, match="no PNG, JPEG, WebP or GIF"):
        image_message(image, None)


def test_sticker_stays_as_it_is_and_excludes_a_picture() -> None:
    sticker = StickerMessage("e3", 1)
    assert image_message(None, sticker) is sticker
    assert image_message(None, None) is None
    with pytest.raises(LocalProtocolError, match="not both"):
        image_message(b"GIF89a", sticker)
