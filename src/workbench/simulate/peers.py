"""Servers of others that Workbench is tried against, started and stopped as our children."""

from __future__ import annotations

import errno
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Self

from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from workbench.collect.dimse.association import Peer, associate
from workbench.collect.retrieval import Timeouts
from workbench.errors import MissingTool, NetworkError
from workbench.model import ApplicationEntity
from workbench.services.service_process import LINUX, dies_with
from workbench.simulate.archive import Loaded

PROGRAM = "Orthanc"
ORTHANC_PATHS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
DICOMWEB_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
LOOPBACK = "127.0.0.1"


PORTS = range(20_000, 32_000)  # below those that systems give to outgoing connections (RFC 6335)


def free_port() -> int:
    """Return a TCP port that is free now at every address of this computer.

    It is none of those that the system hands to outgoing connections, so that no client beside
    it takes it between now and its use.
    """
    for port in random.SystemRandom().sample(PORTS, 200):
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return port
    raise OSError(errno.EADDRINUSE, "no free port was found")


def _before() -> Callable[[], None] | None:
    """Return what lets a PACS end with us, where that is to be had: it must not stay alone."""
    alone = threading.current_thread() is threading.main_thread()
    return dies_with(os.getpid()) if LINUX and alone else None


class ChildPacs:
    """A PACS of others as our child process, on loopback; a context manager.

    Parameters
    ----------
    entity
        Its AE title and port; port 0 takes a free one, see ``entity`` afterwards.
    folder
        Where its storage, configuration and log go.
    destinations
        The peers it knows, by AE title: they may ask, and objects can be sent to them.
    """

    name = ""  # as its makers call it
    package = ""  # Debian's
    log = "pacs.log"

    def __init__(
        self, entity: ApplicationEntity, folder: Path, destinations: Mapping[str, ApplicationEntity]
    ) -> None:
        self.entity = ApplicationEntity(entity.title, LOOPBACK, entity.port or free_port())
        self.folder = folder.resolve()
        self.destinations = dict(destinations)
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def program(cls) -> str | None:
        """Return the path of the program, if it is installed."""
        raise NotImplementedError

    @classmethod
    def available(cls) -> bool:
        """Whether it is installed."""
        return cls.program() is not None

    def command(self, program: str) -> list[str]:
        """Write the configuration and return the command that starts it."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        """Start it and wait until it answers.

        Raises ``MissingTool`` when it is not installed, ``NetworkError`` when it does not start.
        """
        program = self.program()
        if program is None:
            raise MissingTool(
                "{name} is not installed.",
                "Install Debian's package {package}.",
                name=self.name,
                package=self.package,
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        command = self.command(program)
        with (self.folder / self.log).open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # DCMTK, which Orthanc is built on too, otherwise waits 40 ms an object.
                env={**os.environ, "TCP_NODELAY": "1"},
                start_new_session=True,
                preexec_fn=_before(),  # noqa: PLW1509  prctl alone is called
            )
        try:
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it: politely first, then for good."""
        self._stop()

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def load(self, sources: Iterable[Path | Dataset]) -> Loaded:
        """Give it files or data sets; what it refuses is told."""
        raise NotImplementedError

    def _wait(self) -> None:
        """Return when it answers C-ECHO; raises ``NetworkError`` after ``START_TIMEOUT_S``."""
        caller = next(iter(self.destinations), "WORKBENCH")
        peer = Peer(caller, self.entity, Timeouts(connect=2.0))
        deadline = time.monotonic() + START_TIMEOUT_S
        process = self._process
        while process is not None and process.poll() is None and time.monotonic() < deadline:
            try:
                with associate(peer, (str(Verification),), 2.0) as association:
                    if association.send_c_echo().get("Status") == 0:
                        return
            except NetworkError:
                time.sleep(0.1)
        raise NetworkError(
            "{title} ({name}) did not start.",
            "Read {log} in its folder; its port may be taken.",
            title=self.entity.title,
            name=self.name,
            log=self.log,
        )

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        # The whole group, because some start a child for each association.
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class OrthancPacs(ChildPacs):
    """Orthanc on this machine, with the shape of ``EmbeddedPacs``; a context manager.

    Its HTTP port listens to loopback only; its DICOM port answers nothing but C-ECHO to peers
    it does not know (Orthanc 1.10 cannot bind it to one address).

    Parameters
    ----------
    entity
        Its AE title and port; port 0 takes a free one, see ``entity`` afterwards.
    folder
        Where its storage, configuration and log go.
    destinations
        The peers it knows, by AE title: they may ask, and objects can be sent to them.
    dicomweb
        Whether it answers QIDO-RS and WADO-RS at ``web_root`` too.
    """

    name = "Orthanc"
    package = "orthanc"
    log = "orthanc.log"

    def __init__(
        self,
        entity: ApplicationEntity,
        folder: Path,
        destinations: Mapping[str, ApplicationEntity],
        *,
        dicomweb: bool = False,
    ) -> None:
        super().__init__(entity, folder, destinations)
        self._http_port = free_port()
        self._dicomweb = dicomweb

    @classmethod
    def program(cls) -> str | None:
        """Return the path of the program, if it is installed."""
        return shutil.which(PROGRAM, path=ORTHANC_PATHS)

    @classmethod
    def has_dicomweb(cls) -> bool:
        """Whether its DICOMweb plug-in is installed too."""
        return DICOMWEB_PLUGIN.exists()

    @property
    def web_root(self) -> str:
        """Where its DICOMweb services are, when they were asked for."""
        return f"http://{LOOPBACK}:{self._http_port}/dicom-web"

    def command(self, program: str) -> list[str]:
        """Write ``orthanc.json`` and return the command that starts it."""
        if self._dicomweb and not self.has_dicomweb():
            raise MissingTool(
                "Orthanc's DICOMweb plug-in is not installed.",
                "Install Debian's package orthanc-dicomweb.",
            )
        settings = self.folder / "orthanc.json"
        settings.write_text(json.dumps(self._settings(), indent=1))
        return [program, "--no-jobs", str(settings)]

    def load(self, sources: Iterable[Path | Dataset]) -> Loaded:
        """Upload files or data sets; what Orthanc refuses is told, with its HTTP status.

        Raises ``NetworkError`` when Orthanc dies of one.
        """
        connection = http.client.HTTPConnection(LOOPBACK, self._http_port, timeout=60)
        try:
            return Loaded.of(self._loaded(connection, source) for source in sources)
        except (OSError, http.client.HTTPException) as error:
            raise NetworkError(
                "{title} (Orthanc) stopped while it was loaded.",
                "Leave out the object it stopped at; its log says more.",
                title=self.entity.title,
            ) from error
        finally:
            connection.close()

    def _loaded(
        self, connection: http.client.HTTPConnection, source: Path | Dataset
    ) -> tuple[Path | Dataset, set[str], str]:
        content = content_of(source)
        connection.request("POST", "/instances", content)
        response = connection.getresponse()
        answer = response.read()
        if response.status != http.client.OK:
            return source, set(), f"http_{response.status}"
        return source, set(self._instances(connection, answer)), ""

    def _instances(self, connection: http.client.HTTPConnection, content: bytes) -> Iterable[str]:
        """Yield the SOP Instance UIDs of what an upload made; a zip makes several."""
        answer = json.loads(content)
        for instance in answer if isinstance(answer, list) else [answer]:
            connection.request("GET", f"/instances/{instance['ID']}")
            tags = json.loads(connection.getresponse().read())["MainDicomTags"]
            yield tags["SOPInstanceUID"].strip(" \0")

    def _settings(self) -> dict[str, object]:
        storage = str(self.folder / "storage")
        return {
            "Name": "Workbench",
            "StorageDirectory": storage,
            "IndexDirectory": storage,
            "Plugins": [str(DICOMWEB_PLUGIN)] if self._dicomweb else [],
            "DicomWeb": {"Enable": self._dicomweb, "Root": "/dicom-web/"},
            "LuaScripts": [],
            "HttpServerEnabled": True,
            "HttpPort": self._http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "OrthancExplorerEnabled": False,
            "WebDavEnabled": False,
            "DicomServerEnabled": True,
            "DicomAet": self.entity.title,
            "DicomPort": self.entity.port,
            "DicomCheckCalledAet": True,
            "DicomAlwaysAllowEcho": True,
            "DicomAlwaysAllowStore": False,
            "DicomAlwaysAllowFind": False,
            "DicomAlwaysAllowGet": False,
            "DicomAlwaysAllowMove": False,
            "DicomModalities": {
                title: [title, peer.host, peer.port] for title, peer in self.destinations.items()
            },
            "UnknownSopClassAccepted": True,
            "AcceptedTransferSyntaxes": ["1.2.840.10008.1.*"],
            "OverwriteInstances": False,
            "StableAge": 1,
            "DicomAssociationCloseDelay": 1,
            "SaveJobs": False,
        }


def content_of(source: Path | Dataset) -> bytes:
    """Return the bytes of a file, or of the file that a data set makes."""
    if not isinstance(source, Dataset):
        return source.read_bytes()
    buffer = BytesIO()
    dcmwrite(buffer, source, enforce_file_format=True)
    return buffer.getvalue()
