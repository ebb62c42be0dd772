"""One slow import that every Jupyter process would pay for, skipped.

``jsonschema[format-nongpl]``, which Altair, nbformat, nbconvert and papermill import, tries
``rfc3987_syntax``; that package builds a Lark grammar when imported, 1.2 to 2.1 s measured with
version 1.1.0.  jsonschema suppresses the ImportError and only drops the ``iri`` format checks,
which no notebook and no chart uses.  Drop this file once rfc3987_syntax builds its grammar late.
"""

from __future__ import annotations

import sys
from typing import cast


def skip_iri_grammar() -> None:
    """Make ``import rfc3987_syntax`` fail at once, unless something has loaded it already."""
    # None in sys.modules is the documented way to forbid an import; typeshed has no word for it.
    cast("dict[str, object]", sys.modules).setdefault("rfc3987_syntax", None)
