"""Owns the photos sent through the emulator and the check that they are images; must not scale or convert them."""

import secrets
import struct
import zlib
from dataclasses import dataclass

from sandbox.telegram.errors import bad_request

PHOTO_LIMIT_BYTES = 10 * 1024 * 1024
_SIDES_LIMIT = 10_000
_RATIO_LIMIT = 20
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset(range(0xD0, 0xD8)) | {0x01}


@dataclass(frozen=True, slots=True)
class Photo:
    """A stored photo; sides in pixels."""

    file_id: str
    unique_id: str
    width: int
    height: int
    kind: str
    body: bytes

    @property
    def path(self) -> str:
        """Where getFile says it lies."""
        return f"photos/{self.unique_id}.{self.kind}"

    @property
    def content_type(self) -> str:
        """MIME type."""
        return "image/png" if self.kind == "png" else "image/jpeg"


class Photos:
    """Photos by file id, unique id and path."""

    def __init__(self) -> None:
        self._known: dict[str, Photo] = {}

    def add(self, body: bytes) -> Photo:
        """Store an upload; ApiError 400 where Telegram would not take it for a photo."""
        if not body:
            raise bad_request("file must be non-empty")
        if len(body) > PHOTO_LIMIT_BYTES:
            raise bad_request(
                f"file of size {len(body)} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT_BYTES} bytes"
            )
        kind = "png" if body.startswith(_PNG) else "jpg"
        try:
            width, height = _png_sides(body) if kind == "png" else _jpeg_sides(body)
        except (ValueError, IndexError, struct.error) as error:
            raise bad_request("IMAGE_PROCESS_FAILED") from error
        if width + height > _SIDES_LIMIT or max(width, height) > _RATIO_LIMIT * min(width, height):
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
        unique = secrets.token_hex(8)
        photo = Photo(f"AgACAgIAAxk{secrets.token_urlsafe(32)}", unique, width, height, kind, body)
        self._known |= {photo.file_id: photo, photo.unique_id: photo, photo.path: photo}
        return photo

    def find(self, key: str) -> Photo | None:
        """Return the photo of this file id, unique id or path."""
        return self._known.get(key)

    def clear(self) -> None:
        """Forget all photos."""
        self._known.clear()


def _png_sides(body: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", body[16:24])
    at, pixels = len(_PNG), b""
    while True:
        length, kind = struct.unpack(">I4s", body[at : at + 8])
        (checksum,) = struct.unpack(">I", body[at + 8 + length : at + 12 + length])
        if zlib.crc32(body[at + 4 : at + 8 + length]) != checksum:
            raise ValueError("a chunk is damaged")
        if kind == b"IDAT":
            pixels += body[at + 8 : at + 8 + length]
        if kind == b"IEND":
            break
        at += 12 + length
    _check_pixels(pixels)
    if not width or not height:
        raise ValueError("an image without pixels")
    return width, height


def _check_pixels(pixels: bytes) -> None:
    try:
        zlib.decompress(pixels)
    except zlib.error as error:
        raise ValueError("the pixels are damaged") from error


def _jpeg_sides(body: bytes) -> tuple[int, int]:
    if not body.startswith(b"\xff\xd8") or not body.rstrip(b"\0").endswith(b"\xff\xd9"):
        raise ValueError("neither PNG nor JPEG")
    at = 2
    while True:
        if body[at] != 0xFF:
            raise ValueError("a marker is missing")
        marker = body[at + 1]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", body[at + 5 : at + 9])
            return width, height
        (length,) = (0,) if marker in _JPEG_BARE else struct.unpack(">H", body[at + 2 : at + 4])
        at += 2 + length
