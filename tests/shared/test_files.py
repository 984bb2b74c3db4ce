"""Uploaded files: what is accepted, under which name, and that each content is kept once and whole."""

import hashlib
import io
import os
import struct
import zipfile
from pathlib import Path
from threading import Barrier, Thread
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid, NotFound, TooLarge, WrongType
from shared.files import NAME_LIMIT, SIZE_LIMIT, FileStore, StoredFile, clean_name

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
TYPES = "[Content_Types].xml"
LONG = b"x" * 65_535
OOXML = "application/vnd.openxmlformats-officedocument."


def archive(*names: str, comment: bytes = b"") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.comment = comment
        for name in names:
            file.writestr(name, f"<{name}/>")
    return content.getvalue()


def ole(stream: str) -> bytes:
    return OLE + stream.encode("utf-16-le").ljust(64, b"\0")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


def put(store: FileStore, content: bytes, name: str) -> StoredFile:
    return store.put(io.BytesIO(content), name)


def kept(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_was_put_can_be_opened_by_its_digest(store: FileStore, tmp_path: Path) -> None:
    stored = put(store, PDF, "论证意见.PDF")
    assert stored == StoredFile(hashlib.sha256(PDF).hexdigest(), len(PDF), "application/pdf", "论证意见.PDF")
    with store.open(stored.sha256) as file:
        assert file.read() == PDF
    (path,) = kept(tmp_path)
    assert path.relative_to(tmp_path).parts == ("files", stored.sha256[:2], stored.sha256[2:])
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n....", "image/png"),
        ("a.jpeg", b"\xff\xd8\xff\xe0....", "image/jpeg"),
        ("a.JPG", b"\xff\xd8\xff\xe1....", "image/jpeg"),
        (
            "a.docx",
            archive(TYPES, "word/document.xml"),
            OOXML + "wordprocessingml.document",
        ),
        (
            "a.xlsx",
            archive(TYPES, "xl/workbook.xml", comment=b"x" * 65_535),
            OOXML + "spreadsheetml.sheet",
        ),
        (
            "a.pptx",
            archive("ppt/presentation.xml", TYPES),
            OOXML + "presentationml.presentation",
        ),
        ("a.ofd", archive("OFD.xml", "Doc_0/Document.xml"), "application/ofd"),
        ("a.doc", ole("WordDocument"), "application/msword"),
        ("a.xls", ole("Workbook"), "application/vnd.ms-excel"),
        ("a.xls", ole("Book"), "application/vnd.ms-excel"),
        ("a.ppt", ole("PowerPoint Document"), "application/vnd.ms-powerpoint"),
        ("a.txt", "说明\r\n\t第一条".encode(), "text/plain; charset=utf-8"),
        ("a.txt", "说明".encode("gbk"), "text/plain; charset=gb18030"),
        ("a.csv", "\ufeff名称,金额\n".encode(), "text/csv; charset=utf-8"),
        ("a.csv", ("名" * 100_000).encode("gbk"), "text/csv; charset=gb18030"),
    ],
)
def test_accepted_types_are_known_by_their_content(
    store: FileStore, name: str, content: bytes, media_type: str
) -> None:
    stored = put(store, content, name)
    assert stored.media_type == media_type
    assert stored.size == len(content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"MZ\x90\x00"),
        ("a.exe", b"MZ\x90\x00"),
        ("a.png", PDF),
        ("a.pdf", b" %PDF-1.7"),
        ("a.html", b"<script>"),
        ("a.svg", b"<svg/>"),
        ("a.zip", archive("a.txt")),
        ("a.docx", archive(TYPES, "xl/workbook.xml")),
        ("a.docx", archive(TYPES, "word/document.xml", "word/vbaProject.bin")),
        ("a.docx", b"PK\3\4 and then nothing"),
        ("a.docx", archive(TYPES, "word/document.xml")[:-10]),
        ("a.docx", PDF + archive(TYPES, "word/document.xml")),
        ("a.doc", OLE),
        ("a.doc", ole("Workbook")),
        ("a.doc", b"\xd0\xcf\x11\xe0"),
        ("a.txt", b"text\0text"),
        ("a.txt", "说明".encode("utf-16")),
        ("a.txt", b"\x1b[2J"),
        ("a.txt", "说明".encode()[:-1] + b"\xff"),
        ("a.csv", b"\x80"),
        ("noextension", b"text"),
        (".txt", b"text"),
        ("", b"text"),
        ("a.txt.", b"%PDF-\0"),
    ],
)
def test_other_types_and_false_extensions_are_refused(
    store: FileStore, tmp_path: Path, name: str, content: bytes
) -> None:
    with pytest.raises(WrongType) as refused:
        put(store, content, name)
    assert refused.value.code == "file_type_refused"
    assert "pdf" in refused.value.facts["accepted"]
    assert kept(tmp_path) == []


def test_a_zip_with_an_oversized_or_lying_directory_is_refused_without_reading_it(store: FileStore) -> None:
    good = archive(TYPES, "word/document.xml")
    at = good.rfind(b"PK\5\6")
    for length, offset in ((2**32 - 1, 0), (2 * 1024**2, 0), (100, 2**32 - 1), (0, 0)):
        forged = good[: at + 12] + struct.pack("<LL", length, offset) + good[at + 20 :]
        with pytest.raises(WrongType):
            put(store, forged, "a.docx")


@given(
    st.binary(min_size=1, max_size=300), st.sampled_from(["docx", "doc", "txt", "csv", "pdf", "ofd", "xls"])
)
def test_any_content_is_stored_or_refused(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes, kind: str
) -> None:
    store = FileStore(tmp_path_factory.getbasetemp() / "any-content")
    for head in (b"", b"PK\3\4", b"PK\3\4PK\1\2", OLE[:8]):
        for end in (b"", b"PK\5\6" + tail[:18].ljust(18, b"\0")):
            content = head + tail + end
            try:
                stored = put(store, content, f"a.{kind}")
            except WrongType:
                continue
            with store.open(stored.sha256) as file:
                assert file.read() == content


def test_a_file_of_20_mib_is_taken_and_one_byte_more_is_not(store: FileStore, tmp_path: Path) -> None:
    assert put(store, PDF.ljust(SIZE_LIMIT, b" "), "a.pdf").size == SIZE_LIMIT
    with pytest.raises(TooLarge) as refused:
        put(store, PDF.ljust(SIZE_LIMIT + 1, b" "), "a.pdf")
    assert refused.value.code == "file_too_large"
    assert len(kept(tmp_path)) == 1


def test_an_endless_stream_is_left_after_the_limit(store: FileStore) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b" " * size

    endless = Endless()
    with pytest.raises(TooLarge):
        store.put(cast(BinaryIO, endless), "a.txt")
    assert endless.given <= SIZE_LIMIT + 1024 * 1024


def test_an_empty_file_is_refused(store: FileStore, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="file_empty"):
        put(store, b"", "a.pdf")
    assert kept(tmp_path) == []


def test_a_broken_upload_leaves_nothing_behind(store: FileStore, tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionResetError
            return super().read(10)

    with pytest.raises(ConnectionResetError):
        store.put(Broken(PDF), "a.pdf")
    assert kept(tmp_path) == []


def test_equal_content_is_kept_once_under_each_name(store: FileStore, tmp_path: Path) -> None:
    first, second = put(store, b"1,2", "a.csv"), put(store, b"1,2", "b.txt")
    assert first.sha256 == second.sha256
    assert (first.name, second.name) == ("a.csv", "b.txt")
    assert (first.media_type, second.media_type) == ("text/csv; charset=utf-8", "text/plain; charset=utf-8")
    assert len(kept(tmp_path)) == 1


def test_simultaneous_uploads_of_one_content_all_succeed(store: FileStore, tmp_path: Path) -> None:
    content, together = PDF * 10_000, Barrier(8)
    stored: list[StoredFile] = []

    def upload() -> None:
        together.wait()
        stored.append(put(store, content, "a.pdf"))

    threads = [Thread(target=upload) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored == [stored[0]] * 8
    assert [path.read_bytes() for path in kept(tmp_path)] == [content]


@pytest.mark.parametrize("sha256", ["0" * 64, "../../etc/passwd", "", "A" * 64, "0" * 63 + "\n", "/" * 64])
def test_what_is_not_stored_is_not_found(store: FileStore, sha256: str) -> None:
    with pytest.raises(NotFound, match="file_not_found"):
        store.open(sha256)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/报价.pdf", "报价.pdf"),
        ("C:\\Users\\wang\\报价.pdf", "报价.pdf"),
        ("报价\r\nX-Header: 1\x00.pdf", "报价X-Header: 1.pdf"),
        ("报价\u202efdp.exe", "报价fdp.exe"),
        ("\ud800报价.pdf", "报价.pdf"),
        (" ..报价.pdf. ", "报价.pdf"),
        ("e\u0301.pdf", "é.pdf"),
        ("长" * 300 + ".xlsx", "长" * 195 + ".xlsx"),
        ("长" * 194 + " 长.xlsx", "长" * 194 + ".xlsx"),
        ("a." + "b" * 300, "a." + "b" * 198),
        ("/", ""),
    ],
)
def test_a_name_keeps_what_people_know_it_by_and_nothing_else(name: str, clean: str) -> None:
    assert clean_name(name) == clean


@given(st.text())
def test_a_clean_name_is_short_printable_and_stays_as_it_is(name: str) -> None:
    clean = clean_name(name)
    assert len(clean) <= NAME_LIMIT
    assert not set(clean) & set("/\\\r\n\0\u202e")
    assert clean.encode().decode() == clean
    assert clean_name(clean) == clean
    assert os.path.basename(clean) == clean
