"""One command for the figure of docs/output-safety.md: ``python -m`` this module."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.browser.hostile_outputs import OUTPUTS, scene, stock
from tests.browser.hostile_workspace import attributes_tried


def main() -> int:
    """Print every output with what it showed and what ran; return 1 when anything ran."""
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as made:
        comparison = list(stock(made))
        found = [one for output in OUTPUTS.values() for one in output(made)]
        texts, columns = len(made.texts), attributes_tried()
    for one in (*comparison, *found):
        ran = ", ".join(sorted(set(one.ran))) or "nothing"
        print(f"{one.output:<32}{len(one.shown):>3} of {texts} payloads shown, ran: {ran}")
    ran_somewhere = sum(bool(one.ran) for one in found)
    print(
        f"{len(found)} outputs x {texts} payloads x {columns} text columns: {ran_somewhere} ran; "
        f"libraries as they come: {sum(bool(one.ran) for one in comparison)} of "
        f"{len(comparison)} ran"
    )
    return int(bool(ran_somewhere) or not all(one.ran for one in comparison))


if __name__ == "__main__":
    sys.exit(main())
