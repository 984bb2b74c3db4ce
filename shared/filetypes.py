"""Which types of files are accepted, and how their content shows that they are what they claim to be."""

from __future__ import annotations

import codecs
import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

DIRECTORY_LIMIT = 1024 * 1024
_ZIP_END = struct.Struct("<4s4H2LH")
_ZIP_ENTRY = struct.Struct("<4s6H3L5H2L")
# Control characters that no text file has; NUL also tells UTF-16 and binary data apart from text.
_NOT_TEXT = frozenset(map(chr, [*range(9), 11, *range(14, 32), 127]))


@dataclass(frozen=True)
class FileType:
    """One accepted type. `matches` looks at the whole content; the file is at least one byte long."""

    extensions: tuple[str, ...]
    media_type: str
    matches: Callable[[BinaryIO], bool]


def starts(magic: bytes) -> Callable[[BinaryIO], bool]:
    """Content that begins with these bytes."""

    def matches(file: BinaryIO) -> bool:
        file.seek(0)
        return file.read(len(magic)) == magic

    return matches


def zip_with(*needed: str) -> Callable[[BinaryIO], bool]:
    """A zip archive that holds these entries and no macros."""

    def matches(file: BinaryIO) -> bool:
        names = _zip_names(file)
        return names.issuperset(needed) and not any(name.endswith("vbaproject.bin") for name in names)

    return matches


def ole_with(*streams: str) -> Callable[[BinaryIO], bool]:
    """An OLE compound file (Office 97 to 2003) that has one of these streams."""
    wanted = [f"{stream}\0".encode("utf-16-le") for stream in streams]

    def matches(file: BinaryIO) -> bool:
        if not starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")(file):
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(content.find(name) >= 0 for name in wanted)

    return matches


def text_in(encoding: str) -> Callable[[BinaryIO], bool]:
    """Text in this encoding, without control characters."""

    def matches(file: BinaryIO) -> bool:
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := file.read(64 * 1024):
                if not _NOT_TEXT.isdisjoint(decoder.decode(chunk)):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
        return True

    return matches


def _zip_names(file: BinaryIO) -> set[str]:
    """The entry names in lower case, read from the central directory alone; empty if it is no such archive.

    Reads a bounded piece of the file and unpacks nothing, whatever the archive claims about itself.
    """
    if not starts(b"PK\3\4")(file):
        return set()
    size = file.seek(0, 2)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _ZIP_END.size:
        return set()
    *_, length, offset, _comment = _ZIP_END.unpack_from(tail, at)
    if length > DIRECTORY_LIMIT:
        return set()
    file.seek(offset)
    return _entry_names(file.read(length))


def _entry_names(directory: bytes) -> set[str]:
    names, at = set(), 0
    while len(directory) - at >= _ZIP_ENTRY.size and directory.startswith(b"PK\1\2", at):
        name, extra, comment = _ZIP_ENTRY.unpack_from(directory, at)[10:13]
        at += _ZIP_ENTRY.size
        names.add(directory[at : at + name].decode("utf-8", "replace").lower())
        at += name + extra + comment
    return names


_OOXML = "application/vnd.openxmlformats-officedocument."
_TYPES = "[content_types].xml"
FILE_TYPES = (
    FileType(("pdf",), "application/pdf", starts(b"%PDF-")),
    FileType(("png",), "image/png", starts(b"\x89PNG\r\n\x1a\n")),
    FileType(("jpg", "jpeg"), "image/jpeg", starts(b"\xff\xd8\xff")),
    FileType(("docx",), f"{_OOXML}wordprocessingml.document", zip_with(_TYPES, "word/document.xml")),
    FileType(("xlsx",), f"{_OOXML}spreadsheetml.sheet", zip_with(_TYPES, "xl/workbook.xml")),
    FileType(("pptx",), f"{_OOXML}presentationml.presentation", zip_with(_TYPES, "ppt/presentation.xml")),
    FileType(
        ("ofd",), "application/ofd", zip_with("ofd.xml")
    ),  # GB/T 33190, the layout format of public bodies
    FileType(("doc",), "application/msword", ole_with("WordDocument")),
    FileType(("xls",), "application/vnd.ms-excel", ole_with("Workbook", "Book")),
    FileType(("ppt",), "application/vnd.ms-powerpoint", ole_with("PowerPoint Document")),
    FileType(("txt",), "text/plain; charset=utf-8", text_in("utf-8")),
    FileType(("txt",), "text/plain; charset=gb18030", text_in("gb18030")),
    FileType(("csv",), "text/csv; charset=utf-8", text_in("utf-8")),
    FileType(("csv",), "text/csv; charset=gb18030", text_in("gb18030")),
)


def file_type(extension: str, content: BinaryIO) -> FileType | None:
    """The accepted type of this extension (lower case, without dot) whose content this is, or None."""
    return next((kind for kind in FILE_TYPES if extension in kind.extensions and kind.matches(content)), None)
