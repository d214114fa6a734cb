"""A QR code is read by a decoder with the logo in its middle, and the logo is as small as it has to be."""

from __future__ import annotations

import base64
import hashlib
import io

import pytest
import zxingcpp
from PIL import Image

from app.core.screens.codes import BORDER, SCALE, bare, branded

TOKENS = [base64.urlsafe_b64encode(hashlib.sha256(bytes([number])).digest())[:22].decode() for number in range(20)]
LINKS = [f"https://vpn.example.com/sub/{token}" for token in TOKENS]
LONG = "vless://7b0fd3a4-2d5b-4f0c-9d43-1d2ab0a0c0de@de.example.com:443?security=reality&type=tcp&flow=xtls-rprx-vision&sni="


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


@pytest.mark.parametrize("content", [*LINKS, LONG + "x" * 300], ids=[*TOKENS, "a long one"])
def test_a_code_with_the_logo_says_what_it_was_made_for(content: str) -> None:
    picture = opened(branded(content))
    # A phone's camera sees it smaller than it is.
    for seen in (picture, picture.resize((picture.width // 2, picture.height // 2))):
        (found,) = zxingcpp.read_barcodes(seen)
        assert found.text == content
    assert found.ec_level == "H"


def test_a_bare_code_says_what_it_was_made_for() -> None:
    (found,) = zxingcpp.read_barcodes(opened(bare("ton://transfer/x?amount=1")))
    assert found.text == "ton://transfer/x?amount=1"


def test_the_logo_is_in_colour_in_the_middle_and_within_a_fifth_of_the_width() -> None:
    picture = opened(branded(LINKS[0]))
    code = picture.width - 2 * BORDER * SCALE
    ink, paper = (0x17, 0x21, 0x2B), (0xFF, 0xFF, 0xFF)
    pixels = picture.load()
    assert pixels is not None
    coloured = [
        (x, y) for x in range(picture.width) for y in range(picture.height) if pixels[x, y] not in {ink, paper}
    ]
    width = max(x for x, _ in coloured) - min(x for x, _ in coloured)
    assert code / 10 < width <= code / 5
    assert abs(max(x for x, _ in coloured) + min(x for x, _ in coloured) - picture.width) < SCALE


def test_four_modules_around_the_code_are_quiet() -> None:
    picture = opened(branded(LINKS[0]))
    quiet = BORDER * SCALE
    assert picture.crop((0, 0, picture.width, quiet)).getcolors() == [(picture.width * quiet, (255, 255, 255))]
    assert picture.crop((0, 0, quiet, picture.height)).getcolors() == [(picture.height * quiet, (255, 255, 255))]
