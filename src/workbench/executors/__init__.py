"""Who does the work: this process, several, or the machines of a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing

from workbench.executors.cluster import Dask
from workbench.executors.processes import Processes
from workbench.executors.tasks import Executor, R, Task, Workplace

__all__ = ["Dask", "Executor", "Processes", "Serial", "Task", "Workplace", "executor"]


def executor(workers: int | None = None, scheduler: str | None = None) -> Executor:
    """Return who shall do the work: a Dask scheduler's workers, or processes of this machine.

    Without either there are as many processes as processors this process may use.  Raises
    ``SettingsError`` for less than one worker.
    """
    if scheduler:
        return Dask(scheduler)
    processes = Processes(workers)
    return Serial() if processes.workers == 1 else processes


class Serial:
    """The calling process, one task after the other."""

    def run(self, tasks: Iterable[Task[R]]) -> Iterator[R]:
        """Yield results in the order of the tasks."""
        with closing(Workplace()) as workplace:
            for task in tasks:
                yield task.run(workplace)
