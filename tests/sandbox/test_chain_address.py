"""The sandbox's address codec against the vectors both independent implementations agree with."""

import pytest

from sandbox.chain.address import parse

RAW = "0:6e731f2e28b73539a7f85ac47ca104d5840b229351189977bb6151d36b5e3f5e"
MASTER = "-1:" + "5" * 64
FORMS = [
    ("EQBucx8uKLc1Oaf4WsR8oQTVhAsik1EYmXe7YVHTa14_Xmyq", RAW, True, False),
    ("UQBucx8uKLc1Oaf4WsR8oQTVhAsik1EYmXe7YVHTa14_XjFv", RAW, False, False),
    ("kQBucx8uKLc1Oaf4WsR8oQTVhAsik1EYmXe7YVHTa14_Xtcg", RAW, True, True),
    ("0QBucx8uKLc1Oaf4WsR8oQTVhAsik1EYmXe7YVHTa14_Xorl", RAW, False, True),
    ("Ef9VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVbxn", MASTER, True, False),
    ("Uf9VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVeGi", MASTER, False, False),
]


@pytest.mark.parametrize(("friendly", "raw", "bounceable", "test_only"), FORMS)
def test_every_form_of_an_address_is_read_and_written(
    friendly: str, raw: str, *, bounceable: bool, test_only: bool
) -> None:
    spelling = parse(friendly)
    assert spelling.address.raw == raw
    assert spelling.test_only is test_only
    assert parse(raw).address.friendly(bounceable=bounceable, test_only=test_only) == friendly


def test_standard_base64_means_the_same_account() -> None:
    assert parse("UQBucx8uKLc1Oaf4WsR8oQTVhAsik1EYmXe7YVHTa14/XjFv").address.raw == RAW


@pytest.mark.parametrize(
    "text", ["", "nonsense", FORMS[0][0][:-1] + "r", FORMS[0][0][:-4], "0:12", "7:" + "5" * 64, "0:" + "z" * 64]
)
def test_a_damaged_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)
