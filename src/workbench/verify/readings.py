"""What a text may say when its bytes are of another character set than the object declares."""

from __future__ import annotations

from functools import lru_cache

# What scanners and systems of a country write without saying so.
DOUBTFUL = ("utf-8", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "iso8859-5", "koi8-r",
            "gb18030", "shift_jis", "euc_kr", "big5")  # fmt: skip
ESCAPE = b"\x1b"  # ISO 2022: the bytes say themselves what they are
MAX_REMEMBERED = 1 << 14


@lru_cache(MAX_REMEMBERED)
def readings(raw: bytes) -> tuple[str, ...]:
    """Return the texts that some bytes are in other character sets than the declared one.

    Empty for ASCII, which is the same in all.  Bytes that are UTF-8 are that: by accident they
    hardly ever are, so that nothing else is tried.
    """
    if raw.isascii() or ESCAPE in raw:
        return ()
    found = []
    for encoding in DOUBTFUL:
        try:
            found.append(raw.decode(encoding))
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8":
            break
    return tuple(dict.fromkeys(found))
