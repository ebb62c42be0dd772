"""DCMTK's query/retrieve server as a peer: it counts, matches and sends in its own way.

It knows C-FIND, C-MOVE and C-GET in both information models, never changes a transfer syntax,
and has no DICOMweb.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from workbench.simulate.archive import Loaded
from workbench.simulate.peers import ChildPacs, content_of

PATHS = os.pathsep.join(("/usr/bin", "/usr/local/bin", os.environ.get("PATH", "")))
STORAGE = "storage"
REGISTERED_AT_ONCE = 500  # files of one command line; the server knows 500 studies at most
REFUSED = re.compile(r"\b(\d{6})\.dcm")
CONFIGURATION = """\
NetworkTCPPort = {port}
MaxPDUSize = 131072
MaxAssociations = 32
HostTable BEGIN
{hosts}
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
{title} {storage} RW (500, 1024mb) {allowed}
AETable END
"""


class DcmqrscpPacs(ChildPacs):
    """DCMTK's dcmqrscp on this machine, with the shape of ``OrthancPacs``; a context manager.

    Any peer may say C-ECHO; only those of ``destinations`` may ask or send.
    """

    name = "dcmqrscp"
    package = "dcmtk"
    log = "dcmqrscp.log"

    @classmethod
    def program(cls) -> str | None:
        """Return the path of the program, if it is installed."""
        return shutil.which("dcmqrscp", path=PATHS)

    def command(self, program: str) -> list[str]:
        """Write ``dcmqrscp.cfg`` and return the command that starts it."""
        (self.folder / STORAGE).mkdir(exist_ok=True)
        hosts = [
            f"host{number} = ({title}, {peer.host}, {peer.port})"
            for number, (title, peer) in enumerate(self.destinations.items())
        ]
        names = [f"host{number}" for number in range(len(hosts))]
        settings = self.folder / "dcmqrscp.cfg"
        settings.write_text(
            CONFIGURATION.format(
                port=self.entity.port,
                hosts="\n".join(hosts),
                title=self.entity.title,
                # Relative, because its configuration knows no blanks in a path.
                storage=STORAGE,
                allowed=", ".join(names) if names else "ANY",
            )
        )
        # Without it peers are known by their host names, whatever this machine calls itself.
        return [program, "--disable-host-lookup", "--config", settings.name]

    def load(self, sources: Iterable[Path | Dataset]) -> Loaded:
        """Put files or data sets into its storage and index; what it refuses is told."""
        storage = self.folder / STORAGE
        written: dict[str, Path | Dataset] = {}
        for number, source in enumerate(sources, len(list(storage.glob("*.dcm")))):
            written[f"{number:06}"] = source
            (storage / f"{number:06}.dcm").write_bytes(content_of(source))
        names = list(written)
        refused: set[str] = set()
        for start in range(0, len(names), REGISTERED_AT_ONCE):
            refused |= self._registered(names[start : start + REGISTERED_AT_ONCE])
        return Loaded.of(
            (source, set(), "not_registered")
            if name in refused
            else (source, {self._uid(name)}, "")
            for name, source in written.items()
        )

    def _registered(self, names: list[str]) -> set[str]:
        """Add files to the index and return the names of those it refuses."""
        program = shutil.which("dcmqridx", path=PATHS)
        assert program is not None, "it is part of the same package"
        files = [f"{STORAGE}/{name}.dcm" for name in names]
        outcome = subprocess.run(
            [program, STORAGE, *files], cwd=self.folder, capture_output=True, text=True, check=False
        )
        return set(REFUSED.findall(outcome.stderr))

    def _uid(self, name: str) -> str:
        path = self.folder / STORAGE / f"{name}.dcm"
        return str(dcmread(path, specific_tags=["SOPInstanceUID"]).SOPInstanceUID)
