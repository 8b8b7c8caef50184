"""Pictures: what their first bytes must be, and data URIs."""

import base64

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.payloads.chat_message import ImageMessage, ImageType
from sottovoce.payloads.limits import IMAGE_BYTES_MAX, PICTURE_TEXT_BYTES_MAX
from sottovoce.payloads.picture import check_picture, decode_data_uri, encode_data_uri

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
WEBP = b"RIFF\x0a\x00\x00\x00WEBPVP8 "
GIF = b"GIF89a" + bytes(20)
FILES = {
    ImageType.PNG: PNG,
    ImageType.JPEG: JPEG,
    ImageType.WEBP: WEBP,
    ImageType.GIF: GIF,
}
each_type = pytest.mark.parametrize("image_type", FILES, ids=lambda known: known.name)


def uri(media_type: str, raw: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(raw).decode()}"


@each_type
def test_picture_of_its_type_passes_and_survives_a_data_uri(image_type: ImageType) -> None:
    image = ImageMessage(FILES[image_type], image_type)
    check_picture(image)
    assert decode_data_uri(encode_data_uri(image)) == image


@each_type
def test_picture_of_another_type_is_refused(image_type: ImageType) -> None:
    for other, raw in FILES.items():
        if other != image_type:
            with pytest.raises(RemoteProtocolError, match="not of its type"):
                check_picture(ImageMessage(raw, image_type))


@pytest.mark.parametrize("number", [-1, 0, 5, 42])
def test_picture_of_an_unknown_type_is_refused(number: int) -> None:
    with pytest.raises(RemoteProtocolError, match="unknown type"):
        check_picture(ImageMessage(PNG, number))


@pytest.mark.parametrize("raw", [b"", PNG + bytes(IMAGE_BYTES_MAX)], ids=["empty", "too large"])
def test_picture_of_a_wrong_size_is_refused(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="a picture has 1 to"):
        check_picture(ImageMessage(raw, ImageType.PNG))


def test_jpeg_is_read_under_both_names() -> None:
    assert decode_data_uri(uri("image/jpg", JPEG)) == decode_data_uri(uri("image/jpeg", JPEG))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "img",
        "data:image/png;base64,",
        "data:image/png;base64,AAAA",
        "data:image/png;base64,A",
        "data:image/png," + PNG.hex(),
        "https://example.org/a.png",
        uri("image/svg+xml", b"<svg/>"),
        uri("text/html", PNG),
        uri("image/jpeg", PNG),
        uri("image/png", PNG) + "\x00",
        uri("image/png", PNG + bytes(PICTURE_TEXT_BYTES_MAX)),
    ],
    ids=range(12),
)
def test_text_that_is_no_picture_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_data_uri(text)


@pytest.mark.parametrize(
    "image",
    [
        ImageMessage(PNG, ImageType.GIF),
        ImageMessage(b"", ImageType.PNG),
        ImageMessage(PNG + bytes(PICTURE_TEXT_BYTES_MAX), ImageType.PNG),
    ],
    ids=["another type", "empty", "too large"],
)
def test_what_is_no_profile_picture_is_never_written(image: ImageMessage) -> None:
    with pytest.raises(LocalProtocolError):
        encode_data_uri(image)
