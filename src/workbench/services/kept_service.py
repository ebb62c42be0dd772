"""Which programs of a workspace stay: a table, one line each."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from workbench.language import Marked, mark
from workbench.rights import Right

ENDING_S = 30.0  # to end in after SIGTERM; Jupyter's server takes some seconds for its kernels


@dataclass(frozen=True)
class KeptService:
    """A program that is kept running.

    Attributes
    ----------
    name
        Before each line of its log, and in commands.
    title
        For pages.
    words
        What starts it, after ``workbench``.
    right
        What somebody needs to start and stop it.
    table
        The table of workbench.toml without which there is nothing to do; empty for none.
    ending_s
        Seconds to end in; ``None`` where it may take as long as it needs: a patient is finished.
    on_page
        Whether a page may stop it; who stops the pages cannot start them on a page.
    """

    name: str
    title: Marked
    words: tuple[str, ...]
    right: Right
    table: str = ""
    ending_s: float | None = ENDING_S
    on_page: bool = True


PIPE = "WORKBENCH_PARENT"  # in a service's environment: the pipe that ends with its parent
COLLECT, SERVE, DOSE = "collect", "serve", "dose"
SERVICES = (
    KeptService(
        COLLECT, mark("Collector"), ("collect", "run"), Right.COLLECT, table="pacs", ending_s=None
    ),
    KeptService(DOSE, mark("Mapping and doses"), ("dose", "--watch"), Right.COLLECT, table="pacs"),
    KeptService("qa", mark("Image quality"), ("qa", "watch"), Right.DECIDE),
    KeptService(
        "reports",
        mark("Reports on a schedule"),
        ("report", "watch"),
        Right.ADMINISTER,
        table="report",
    ),
    KeptService(SERVE, mark("Pages"), ("serve",), Right.ADMINISTER, on_page=False),
)
BY_NAME = MappingProxyType({service.name: service for service in SERVICES})
