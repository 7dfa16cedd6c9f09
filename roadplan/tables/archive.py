"""Zip archives of strangers, opened with care: nothing encrypted, nothing that explodes."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from roadplan.errors import RoadplanError

MAX_ENTRIES = 10_000
MAX_TOTAL_BYTES = 256 * 2**20
"""Unpacked bytes of all parts together beyond which an archive is refused."""

MAX_RATIO = 150
"""Unpacked over packed size beyond which a large part is a bomb; real sheets stay below 60."""

_RATIO_FROM_BYTES = 16 * 2**20
_CHUNK_BYTES = 1 << 16

_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)
"""What `zipfile` raises on damaged archives, depending on where the damage is."""


class UnreadableFileError(RoadplanError):
    """A file that cannot be read at all; the message says why and what to do.

    Parameters
    ----------
    file
        Its name.
    why, remedy
        As in :class:`roadplan.errors.Fault`.
    """

    def __init__(self, file: str, why: str, remedy: str = "") -> None:
        self.file, self.why, self.remedy = file, why, remedy
        super().__init__(f"{file}: {why}" + (f"; {remedy}" if remedy else ""))


class XmlTarget(Protocol):
    """What receives the events of an XML part."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""

    def end(self, tag: str) -> None:
        """Take the end of an element."""

    def data(self, text: str) -> None:
        """Take some text."""


class Archive:
    """A zip archive whose parts are read in bounded pieces.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    UnreadableFileError
        It is no sound zip archive, is encrypted, or would unpack to an absurd size.
    """

    def __init__(self, path: Path) -> None:
        self.file = path.name
        try:
            self._zip = zipfile.ZipFile(path)
        except _ZIP_ERRORS as error:
            raise self.unreadable("the file is damaged or no workbook", error) from error
        try:
            self._check()
        except UnreadableFileError:
            self._zip.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def unreadable(self, why: str, cause: object = "", remedy: str = "") -> UnreadableFileError:
        """Return the error that says why this file cannot be read."""
        detail = f" ({cause})" if str(cause) else ""
        remedy = remedy or "open it in the spreadsheet program and save it again as .xlsx"
        return UnreadableFileError(self.file, f"{why}{detail}", remedy)

    def _check(self) -> None:
        entries = self._zip.infolist()
        if len(entries) > MAX_ENTRIES:
            raise self.unreadable(f"the archive has {len(entries)} parts; that is no workbook")
        if any(entry.flag_bits & 1 for entry in entries):
            raise self.unreadable(
                "the archive is protected with a password", remedy="save it without a password"
            )
        total = sum(entry.file_size for entry in entries)
        if total > MAX_TOTAL_BYTES:
            raise self.unreadable(
                f"it would unpack to {total / 2**20:.0f} MiB; the limit is "
                f"{MAX_TOTAL_BYTES / 2**20:.0f} MiB",
                remedy="split it into smaller files",
            )
        for entry in entries:
            ratio = entry.file_size / max(entry.compress_size, 1)
            if entry.file_size > _RATIO_FROM_BYTES and ratio > MAX_RATIO:
                raise self.unreadable(
                    f"part {entry.filename} unpacks to {ratio:.0f} times its size"
                )

    def names(self) -> frozenset[str]:
        """Return the names of the parts."""
        return frozenset(self._zip.namelist())

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give the content of a part piece by piece.

        Raises
        ------
        UnreadableFileError
            The part is missing or damaged, or longer than the archive says.
        """
        try:
            declared = self._zip.getinfo(name).file_size
        except KeyError:
            raise self.unreadable(f"part {name} is missing") from None
        seen = 0
        try:
            with self._zip.open(name) as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    seen += len(chunk)
                    if seen > declared:
                        raise zipfile.BadZipFile("longer than declared")
                    yield chunk
        except _ZIP_ERRORS as error:
            raise self.unreadable(f"part {name} is damaged", error) from error

    def parse(self, name: str, target: XmlTarget) -> None:
        """Feed an XML part to a target, without entities, document types or outside references.

        Raises
        ------
        UnreadableFileError
            The part is missing, damaged, no XML, or declares a document type or entities.
        """
        parser = XMLParser(target=target, forbid_dtd=True)
        for chunk in self.chunks(name):
            self._feed(parser, chunk, name)
        self._feed(parser, None, name)

    def _feed(self, parser: XMLParser, chunk: bytes | None, name: str) -> None:
        """Feed one piece; None ends the document."""
        try:
            if chunk is None:
                parser.close()
            else:
                parser.feed(chunk)
        except DefusedXmlException as error:
            raise self.unreadable(
                f"part {name} declares a document type or entities, as XML bombs do",
                remedy="do not open this file; ask its sender for a clean one",
            ) from error
        except (ParseError, LookupError, UnicodeError) as error:
            raise self.unreadable(f"part {name} is no sound XML", error) from error
