"""What a page was made into."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MadeFile:
    """A file that was made of a page.

    Attributes
    ----------
    content
        Its bytes.
    made_by
        What printed it, and the kind of PDF; empty where that says nothing.
    remark
        What is to be known of it, in a sentence, or empty.
    """

    content: bytes
    made_by: str = ""
    remark: str = ""
