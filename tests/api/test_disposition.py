"""What a client is to call a file: names come from strangers."""

from __future__ import annotations

import re
from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelworks.api.disposition import clean_name, content_disposition, enhanced_name


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("holiday.mov", 'inline; filename="holiday.mov"'),
        ("a b.mp4", 'inline; filename="a b.mp4"'),
        (
            "Überfahrt.mp4",
            "inline; filename=\"_berfahrt.mp4\"; filename*=UTF-8''%C3%9Cberfahrt.mp4",
        ),
        ('x".mp4', 'inline; filename="x_.mp4"'),
        ("../../etc/passwd", 'inline; filename="passwd"'),
        ("C:\\videos\\a.avi", 'inline; filename="a.avi"'),
        ("a\r\nSet-Cookie: x=1.mp4", 'inline; filename="aSet-Cookie_ x=1.mp4"'),
        ("\u202e4pm.exe", 'inline; filename="4pm.exe"'),
        ("", 'inline; filename="video"'),
        ("...", 'inline; filename="video"'),
        (".mp4", 'inline; filename="mp4"'),
    ],
)
def test_a_name_is_told_safely(name: str, header: str) -> None:
    # A tab or a line break would be white space: control characters are taken out whole.
    told = content_disposition(name, download=False)
    assert re.sub(r"a +Set", "aSet", told) == header


@pytest.mark.parametrize("name", ["می\u200cخواهم.mp4", "\U0001f468\u200d\U0001f469.mp4"])
def test_what_joins_letters_stays(name: str) -> None:
    """Without it words are misspelt, and a family is two people."""
    assert clean_name(name) == name


def test_a_download_is_an_attachment() -> None:
    assert content_disposition("a.mp4", download=True) == 'attachment; filename="a.mp4"'


def test_a_long_name_keeps_its_extension() -> None:
    name = clean_name("ü" * 500 + ".mp4")
    assert name.endswith("ü.mp4")
    assert 190 < len(name.encode()) <= 200


def test_the_enhanced_version_is_called_after_the_original() -> None:
    assert enhanced_name("Ferien 1.MOV", "mov") == "Ferien 1_enhanced.mov"
    assert enhanced_name("", "mp4") == "video_enhanced.mp4"


@given(st.text(max_size=300))
def test_no_name_breaks_out_of_its_header(name: str) -> None:
    header = content_disposition(name, download=True)
    assert header.isascii()
    assert header.isprintable()
    message = Message()
    message["content-disposition"] = header
    assert message.get_content_disposition() == "attachment"
    clean = clean_name(name)
    extended = header.partition("filename*=UTF-8''")[2]
    assert unquote(extended) == (clean if extended else "")
    for told in (clean, header.split('"')[1]):
        assert told
        assert not set(told) & set('/\\"\r\n\0')
        assert told.strip(". ") == told
    assert len(clean.encode()) <= 200
