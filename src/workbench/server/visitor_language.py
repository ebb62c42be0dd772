"""Which language a visitor reads: by the address, a cookie, the browser, or the settings."""

from __future__ import annotations

from tornado.web import RequestHandler

from workbench.language.choice import best_language, is_language

CHOSEN = "lang"  # in an address
COOKIE = "workbench-language"
KEPT_DAYS = 365.0


def chosen_language(handler: RequestHandler) -> str:
    """Return the language that the address of a request asks for; empty for none."""
    code = handler.request.query_arguments.get(CHOSEN, [b""])[-1].decode("ascii", "replace")
    return code if is_language(code) else ""


def visitor_language(handler: RequestHandler) -> str:
    """Return the code of the language that the answer to a request is in."""
    if code := chosen_language(handler):
        return code
    cookie = handler.get_cookie(COOKIE) or ""
    if is_language(cookie):
        return cookie
    settings = str(handler.settings.get("language") or "")
    return best_language(handler.request.headers.get("Accept-Language", ""), settings)
