"""Reading the text of an image with Debian's Tesseract, as a process of its own.

The image goes to its standard input and the words come from its standard output: no file is
written, and the process could not write one (RLIMIT_FSIZE 0, so no core file either).  It is
given time, memory and a fixed command line; nothing of the image gets into an argument, its
error output is thrown away, and no network name is ever passed to it.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from workbench.deidentify.burned_in.boxes import Box
from workbench.errors import MissingTool, ReadError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROGRAM = "tesseract"
SPARSE, BLOCK = 11, 6  # page segmentation: text anywhere; one block of text
# A name is in no dictionary: words are read letter by letter.
PLAIN = ("load_system_dawg=0", "load_freq_dawg=0", "tessedit_create_tsv=1")
WORD_LEVEL = "5"  # of Tesseract's TSV: page, block, paragraph, line, word
COLUMNS = 12


@dataclass(frozen=True)
class OcrLimits:
    """What one run may use.

    Attributes
    ----------
    seconds
        Wall clock; the processor time is limited to the same.
    memory_bytes
        Address space; a page of 4 megapixels needs some 300 MB.
    """

    seconds: int = 20
    memory_bytes: int = 1 << 30


class Word(NamedTuple):
    """A word that was read, its place, and the line it stands in."""

    text: str
    box: Box
    line: tuple[int, ...]


def tesseract() -> str | None:
    """Return where Tesseract is installed, None if it is not."""
    return shutil.which(PROGRAM)


def read_words(
    grey: NDArray[np.uint8], mode: int = SPARSE, limits: OcrLimits | None = None
) -> list[Word]:
    """Return the words in an image of (row, column), dark letters on light ground.

    Raises ``MissingTool`` when Tesseract is not installed and ``ReadError`` when it did not finish
    within its limits or failed; neither says anything of the image.
    """
    program = tesseract()
    if program is None:
        raise MissingTool("Text in images needs Tesseract.", "Install tesseract-ocr.")
    settings = [part for setting in PLAIN for part in ("-c", setting)]
    command = [program, "stdin", "stdout", "-l", "eng", "--psm", str(mode), "--dpi", "300"]
    return _words(_run([*command, *settings], _pgm(grey), limits or OcrLimits()))


def _pgm(grey: NDArray[np.uint8]) -> bytes:
    # Portable Grey Map: the simplest picture that Tesseract reads from a stream.
    rows, columns = grey.shape
    return b"P5\n%d %d\n255\n" % (columns, rows) + grey.tobytes()


def _run(command: list[str], picture: bytes, limits: OcrLimits) -> bytes:
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=_environment(), cwd="/", start_new_session=True,
    )  # fmt: skip
    try:
        _limit(process.pid, limits)  # before it is given anything
        output, _ = process.communicate(picture, timeout=limits.seconds)
    except subprocess.TimeoutExpired:
        raise ReadError("ocr-time", "Tesseract did not finish in its time.") from None
    except OSError:
        raise ReadError("ocr-failed", "Tesseract stopped while it was given an image.") from None
    finally:
        _end(process)
    if process.returncode != 0:
        raise ReadError("ocr-failed", "Tesseract failed or needed more memory than it may use.")
    return output


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "TESSDATA_PREFIX") if name in os.environ}
    return kept | {"OMP_THREAD_LIMIT": "1", "LC_ALL": "C"}


def _limit(pid: int, limits: OcrLimits) -> None:
    for kind, value in (
        (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits.memory_bytes), (resource.RLIMIT_CPU, limits.seconds),
    ):  # fmt: skip
        # It may have ended already; then there is nothing to limit, and its result says why.
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, kind, (value, value))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.wait()


def _words(table: bytes) -> list[Word]:
    words = []
    for row in table.decode("utf-8", "replace").splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == COLUMNS and cells[0] == WORD_LEVEL and cells[-1].strip():
            left, top, width, height = map(int, cells[6:10])
            line = tuple(map(int, cells[2:5]))
            words.append(Word(cells[-1].strip(), Box(top, left, height, width), line))
    return words
