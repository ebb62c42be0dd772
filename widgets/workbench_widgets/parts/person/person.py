"""Who sits at a browser: name and role, chosen once and kept there.

Both travel as messages when the page opens and when somebody changes them; neither is widget
state, which is saved into notebooks.  It is what somebody says of herself, as on paper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import anywidget

from workbench.language import best_language, current_language, mark, settle_language, t

HERE = Path(__file__).parent
MAX_CHARACTERS = 80
WORDS = {
    "who": mark("You are"),
    "name": mark("Your name"),
    "role": mark("Your role"),
    "kept": mark("Kept in this browser; it stands under what you sign."),
}


class Person(anywidget.AnyWidget):
    """Two fields that this browser fills in by itself from the second time on.

    ``known`` yields name and role of people to choose from.

    Attributes
    ----------
    who
        Name and role, each empty until the browser has said it.
    """

    _esm = HERE / "person.js"
    _css = HERE / "person.css"

    def __init__(self, known: Callable[[], Iterable[tuple[str, str]]] = tuple) -> None:
        super().__init__()
        self._known = known
        self.who = ("", "")
        self.on_msg(self._told)

    def _told(self, _: object, message: object, __: object) -> None:
        if not isinstance(message, Mapping):
            return
        if isinstance(message.get("language"), str):
            settle_language(best_language(message["language"], current_language()))
            self.send({
                "words": {name: t(text) for name, text in WORDS.items()},
                "people": [list(each) for each in self._known()],
            })  # fmt: skip
        name, role = message.get("name"), message.get("role")
        if isinstance(name, str) and isinstance(role, str):
            self.who = (name.strip()[:MAX_CHARACTERS], role.strip()[:MAX_CHARACTERS])
