"""Passwords in configurations: published examples, and that what is made fits what it was made of."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.base import secrets_ios
from nodes.base.secrets_ios import CLEAR, HASHED, MD5, OBSCURED, PBKDF2, SCRYPT

#: Example hashes of hashcat's wiki, modes 500, 9200 and 9300; the hash of "cisco" that Packet Tracer makes, whose salt
#: never changes; and texts of type 7 as they stand in articles on that type.
PUBLISHED = [
    (MD5, "$1$28772684$iEwNOgGugqO9.bIz5sk8k/", "hashcat"),
    (MD5, "$1$mERr$hx5rVt7rPNoS4wqbXKX7m0", "cisco"),
    (PBKDF2, "$8$TnGX/fE4KGHOVU$pEhnEvxrvaynpi8j4f.EMHr6M.FzU8xnZnBr/tJdFWk", "hashcat"),
    (SCRYPT, "$9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6", "hashcat"),
    (OBSCURED, "0822455D0A16", "cisco"),
    (OBSCURED, "02050D480809", "cisco"),
    (OBSCURED, "060506324F41", "cisco"),
    (CLEAR, "cisco", "cisco"),
]

PASSWORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=80)


@pytest.mark.parametrize(("kind", "text", "password"), PUBLISHED)
def test_published_examples(kind: int, text: str, password: str) -> None:
    assert secrets_ios.is_valid(kind, text)
    assert secrets_ios.verify(kind, text, password)
    assert not secrets_ios.verify(kind, text, password + "x")
    assert not secrets_ios.verify(kind, text, "")


@pytest.mark.parametrize(("kind", "text", "password"), [row for row in PUBLISHED if row[0] in HASHED])
def test_the_published_hash_is_made_from_its_salt(kind: int, text: str, password: str) -> None:
    assert secrets_ios.hashed(kind, password, text.split("$")[2]) == text


@settings(max_examples=25, deadline=None)
@given(PASSWORDS, st.binary(min_size=3, max_size=3))
def test_what_is_hashed_fits(password: str, entropy: bytes) -> None:
    salt = secrets_ios.salt(entropy)
    assert len(salt) == 4
    text = secrets_ios.hashed(MD5, password, salt)
    assert secrets_ios.is_valid(MD5, text)
    assert secrets_ios.verify(MD5, text, password)


@given(PASSWORDS, st.integers(0, 15))
def test_what_is_obscured_can_be_read(password: str, seed: int) -> None:
    text = secrets_ios.obscured(password, seed)
    assert text[:2] == f"{seed:02}"
    assert secrets_ios.revealed(text) == password
    assert secrets_ios.verify(OBSCURED, text, password)


@given(st.sampled_from((CLEAR, MD5, OBSCURED, PBKDF2, SCRYPT)), st.text(max_size=80))
def test_no_text_breaks_it(kind: int, text: str) -> None:
    assert kind != CLEAR or secrets_ios.is_valid(kind, text) == bool(text)
    assert not secrets_ios.verify(kind, text, text + "x")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (MD5, "cisco"),
        (MD5, "$1$mERr$hx5rVt7rPNoS4wqbXKX7m"),
        (MD5, "$1$$hx5rVt7rPNoS4wqbXKX7m0"),
        (PBKDF2, "$9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6"),
        (SCRYPT, "$9$short$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6"),
        (OBSCURED, "1622455D0A16"),
        (OBSCURED, "0822455D0A1"),
        (OBSCURED, "08"),
        (OBSCURED, "08zz"),
        (CLEAR, ""),
    ],
)
def test_what_is_no_password_of_its_type(kind: int, text: str) -> None:
    assert not secrets_ios.is_valid(kind, text)


def test_clear_text_and_obscured_text_are_no_hashes() -> None:
    for kind in (CLEAR, OBSCURED):
        with pytest.raises(ValueError, match="no hash"):
            secrets_ios.hashed(kind, "x", "abcd")
