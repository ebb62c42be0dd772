"""What a page's form must keep, computed in Chromium: contrast, names, focus, width.

Contrast is that of WCAG 2.1, success criterion 1.4.3: 4.5 to 1, for large text 3 to 1, between a
text and what is painted behind it; what is switched off or a picture's pattern is let be.  Names
are those a screen reader is given, as Chromium computes them (accname 1.1).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

TABLET = {"width": 768, "height": 1024}
THEMES = ("light", "dark")

SCRIPT = (Path(__file__).parent / "page_form.js").read_text("utf-8")
CONTROLS = frozenset({
    "button", "link", "textbox", "searchbox", "combobox", "listbox", "checkbox", "radio", "tab",
    "slider", "spinbutton", "switch", "grid", "region", "img", "image", "graphics-document",
    "DisclosureTriangle", "menuitem", "option",
})  # fmt: skip


def asked(page: Any, name: str) -> list[str]:
    """Return what one of the script's functions finds on the page as it is shown."""
    found: list[str] = page.evaluate(f"() => {{ {SCRIPT}\nreturn {name}(); }}")
    return found


def nameless(page: Any) -> list[str]:
    """Return controls, pictures and regions that a screen reader has no name for."""
    session = page.context.new_cdp_session(page)
    try:
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    finally:
        session.detach()
    found = []
    for node in nodes:
        role = node.get("role", {}).get("value", "")
        name = node.get("name", {}).get("value", "").strip()
        if not node.get("ignored") and role in CONTROLS and not name:
            found.append(f"{role} {node.get('backendDOMNodeId')}")
    return found


def faults(page: Any) -> dict[str, list[str]]:
    """Return what is wrong with the page as it is shown now, by kind; both themes are looked at."""
    found: dict[str, list[str]] = {}
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(400)  # colours may change with a transition
        found[f"contrast, {theme}"] = asked(page, "poorContrast")
    page.emulate_media(color_scheme="light")
    found["focus is not seen"] = asked(page, "unseenFocus")
    found["no key"] = asked(page, "noKey")
    found["at 768 px"] = asked(page, "cutOff")
    found["no name"] = nameless(page)
    return {kind: texts for kind, texts in found.items() if texts}
