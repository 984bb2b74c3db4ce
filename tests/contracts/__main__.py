"""`python -m tests.contracts` writes the documents of `docs/api` anew."""

from __future__ import annotations

from tests.contracts.documents import FOLDER, documents

FOLDER.mkdir(parents=True, exist_ok=True)
for path, text in documents():
    path.write_text(text)
