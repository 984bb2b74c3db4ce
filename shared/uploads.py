"""Files over HTTP: where a service keeps what is uploaded, and how it is given back."""

from __future__ import annotations

from urllib.parse import quote

from fastapi.responses import FileResponse

from shared.files import FileStore
from shared.service import Running


def files(here: Running) -> FileStore:
    """One directory for all services: equal content is kept once."""
    return FileStore(here.settings.data_dir / "files")


def download(here: Running, sha256: str, name: str, media_type: str) -> FileResponse:
    """A file, always offered for saving and never shown in the page; the door adds `nosniff`.

    Raises `NotFound` (`file_not_found`).
    """
    kept = files(here)
    kept.open(sha256).close()
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
    }
    return FileResponse(kept.path(sha256), media_type=media_type, headers=headers)
