"""Files, kept once under the digest of their content."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from shared.errors import Invalid, NotFound, TooLarge, WrongType
from shared.filetypes import FILE_TYPES, file_type

SIZE_LIMIT = 20 * 1024 * 1024
NAME_LIMIT = 200
CHUNK = 64 * 1024
_DIGEST = re.compile("[0-9a-f]{64}")
# Control, formatting (text direction) and surrogate characters, line and paragraph separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_EDGES = " .\u3000"


@dataclass(frozen=True)
class StoredFile:
    """What was stored: `size` in bytes, `media_type` by its content, `name` as it may be shown."""

    sha256: str
    size: int
    media_type: str
    name: str


class FileStore:
    """A directory of files, `ab/cdef…` by SHA-256; equal content is kept once, whatever its names."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, stream: BinaryIO, name: str) -> StoredFile:
        """Stores what is left of `stream`, up to `SIZE_LIMIT` bytes; a crash leaves all of it or nothing.

        Raises TooLarge `file_too_large`, Invalid `file_empty`, WrongType `file_type_refused` when the type is
        not accepted or the content is not what the extension says.
        """
        name = clean_name(name)
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, path = mkstemp(dir=self._root, prefix=".new-")
        temporary = Path(path)
        try:
            with open(descriptor, "w+b") as file:
                sha256, size = _copy(stream, file)
                media_type = _media_type(file, name)
                os.fsync(file.fileno())
            self._keep(temporary, self.path(sha256))
        finally:
            temporary.unlink(missing_ok=True)
        return StoredFile(sha256, size, media_type, name)

    def open(self, sha256: str) -> BinaryIO:
        """The content, to be closed by the caller; raises NotFound `file_not_found`."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError:
            raise _not_found() from None

    def path(self, sha256: str) -> Path:
        """Where this content is, if it is stored; raises NotFound `file_not_found` for what is no digest."""
        if not _DIGEST.fullmatch(sha256):
            raise _not_found()
        return self._root / sha256[:2] / sha256[2:]

    def is_whole(self, sha256: str) -> bool:
        """Whether what is stored under a digest has it; raises NotFound `file_not_found`."""
        digest = hashlib.sha256()
        with self.open(sha256) as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
        return digest.hexdigest() == sha256

    def _keep(self, temporary: Path, target: Path) -> None:
        if target.exists():
            return
        target.parent.mkdir(mode=0o700, exist_ok=True)
        os.replace(temporary, target)
        for directory in (target.parent, self._root):
            _sync_directory(directory)


def clean_name(name: str) -> str:
    """A file name that is safe to show and to offer: no path, nothing invisible, not above `NAME_LIMIT`.

    The extension survives the cut. May be empty.
    """
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(character for character in last if unicodedata.category(character) not in _INVISIBLE)
    shown = unicodedata.normalize("NFC", shown).strip(_EDGES)
    extension = Path(shown).suffix
    kept = extension if len(extension) <= 10 else ""
    return shown if len(shown) <= NAME_LIMIT else shown[: NAME_LIMIT - len(kept)].strip(_EDGES) + kept


def _copy(stream: BinaryIO, file: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > SIZE_LIMIT:
            limit = SIZE_LIMIT // 1024**2
            raise TooLarge(
                "file_too_large", f"文件不能超过 {limit} MB", f"A file may have {limit} MiB at most"
            )
        digest.update(chunk)
        file.write(chunk)
    if not size:
        raise Invalid("file_empty", "文件没有内容", "The file is empty")
    file.flush()
    return digest.hexdigest(), size


def _media_type(file: BinaryIO, name: str) -> str:
    kind = file_type(Path(name).suffix.lower().removeprefix("."), file)
    if kind is None:
        accepted = list(dict.fromkeys(extension for kind in FILE_TYPES for extension in kind.extensions))
        raise WrongType(
            "file_type_refused",
            f"文件类型不支持，或内容与扩展名不符；可上传：{'、'.join(accepted)}",
            f"The type is not accepted, or the content is not what the extension says; accepted: {accepted}",
            facts={"accepted": accepted},
        )
    return kind.media_type


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_found() -> NotFound:
    return NotFound("file_not_found", "文件不存在", "There is no such file")
