"""Bytes of another character set than declared are read as what they are."""

from __future__ import annotations

import pytest

from workbench.verify.readings import readings


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Grünspecht", "utf-8"), ("Grünspecht", "latin-1"), ("Иванов", "cp1251"), ("Иванов", "koi8-r"), ("Παπάς", "cp1253"),
     ("Wałęsa", "cp1250"), ("Şahin", "cp1254"), ("王芳", "gb18030"), ("이산", "euc_kr"), ("Иванов", "iso8859-5")],
)  # fmt: skip
def test_a_text_is_among_its_readings(text: str, encoding: str) -> None:
    assert text in readings(text.encode(encoding))


def test_utf_8_is_not_doubted() -> None:
    assert readings("Grünspecht".encode()) == ("Grünspecht",)


def test_ascii_and_escaped_bytes_say_what_they_are() -> None:
    assert readings(b"Thorax") == ()
    assert readings("山田".encode("iso2022_jp")) == ()
