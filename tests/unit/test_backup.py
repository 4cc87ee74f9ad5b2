"""A backup's audit log is checked by its seals alone: whoever kept the files, with the manifest made anew, is found out."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from agents.seals import START, Fault, linked
from schemas.audit import Seal
from schemas.topics import AUDIT, AUDIT_DAYS, SEALS
from streams.audit import signing
from streams.backup.files import BackupError, Kept, Manifest, Writer, read, read_manifest, unlike, write_manifest
from streams.backup.take import growing
from streams.backup.verify import verify

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
Log = list[Kept]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "seal.pem"
    signing.make(file)
    return file


def a_log(begin: int = 0, count: int = 6) -> Log:
    return [Kept(number, 1000 * number, b"alert", b"look %d" % number) for number in range(begin, begin + count)]


def sealed(log: Log, key: Path, every: int = 2, at: Callable[[int], datetime] = lambda _: NOW) -> list[Seal]:
    """One seal for every so many records."""
    signer, head, seals = signing.Signer(key), START, []
    for first in range(0, len(log), every):
        some, before = log[first : first + every], head
        for one in some:
            head = linked(head, one.offset, one.timestamp, one.key, one.value)
        bare = Seal(
            0, some[0].offset, some[-1].offset + 1, len(some), before.hex(), head.hex(), at(some[0].offset), key_id=""
        )
        seals.append(signer.sign(bare))
    return seals


def kept(folder: Path, log: Iterable[Kept], seals: Iterable[Seal], begin: int = 0) -> Path:
    """A backup of these, its manifest as it should be."""
    folder.mkdir()
    told = [Kept(number, 0, b"0", msgspec.json.encode(seal)) for number, seal in enumerate(seals)]
    parts = []
    for topic, records in ((SEALS.name, told), (AUDIT.name, list(log))):
        with Writer(folder, topic, 0) as writer:
            for record in records:
                writer.write(record)
        parts.append(writer.part(begin if topic == AUDIT.name else 0, records[-1].offset + 1))
    write_manifest(folder, Manifest(1, NOW, tuple(parts)))
    return folder


def findings(folder: Path, key: Path) -> list[tuple[Fault, int, int]]:
    [found] = verify(folder, signing.Trust([key.with_suffix(".pub")]))
    return [(one.fault, one.first, one.next) for one in found.findings]


def test_a_whole_log_has_no_fault(tmp_path: Path, key: Path) -> None:
    log = a_log()
    folder = kept(tmp_path / "b", log, sealed(log[:4], key))
    assert findings(folder, key) == []
    [found] = verify(folder, signing.Trust([key.with_suffix(".pub")]))
    assert (found.records, found.sealed, found.end) == (6, 4, 6)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        pytest.param(
            lambda log: [*log[:2], Kept(2, 2000, b"alert", b"nobody"), *log[3:]], (Fault.ALTERED, 2, 4), id="v"
        ),
        pytest.param(
            lambda log: [*log[:2], Kept(2, 2001, b"alert", b"look 2"), *log[3:]], (Fault.ALTERED, 2, 4), id="t"
        ),
        pytest.param(lambda log: [*log[:3], *log[4:]], (Fault.ALTERED, 2, 4), id="one taken out"),
        pytest.param(lambda log: log[:5], (Fault.MISSING, 5, 6), id="the end cut off"),
        pytest.param(lambda log: log[2:], (Fault.MISSING, 0, 2), id="the beginning cut off"),
    ],
)
def test_a_log_that_was_changed_in_the_files(
    tmp_path: Path, key: Path, changed: Callable[[Log], Log], fault: tuple[Fault, int, int]
) -> None:
    log = a_log()
    assert findings(kept(tmp_path / "b", changed(log), sealed(log, key)), key) == [fault]


def test_what_retention_removed_is_no_fault(tmp_path: Path, key: Path) -> None:
    """Seals of records that were removed are as old as the log is kept for."""
    log = a_log()
    old = NOW - AUDIT_DAYS - timedelta(days=1)
    seals = sealed(log, key, at=lambda offset: old if offset < 2 else NOW)
    assert findings(kept(tmp_path / "b", log[2:], seals, begin=2), key) == []


def test_a_seal_of_another_key_is_none(tmp_path: Path, key: Path) -> None:
    log = a_log(count=2)
    other = tmp_path / "other.pem"
    signing.make(other)
    assert findings(kept(tmp_path / "b", log, sealed(log, other)), key) == [(Fault.UNSIGNED, 0, 2)]


def test_every_kind_of_record_comes_back(tmp_path: Path) -> None:
    log = [Kept(3, 1, None, None), Kept(9, -1, b"", b"\0" * 70_000, (("a", b"1"), ("a", None)))]
    with Writer(tmp_path, AUDIT.name, 3) as writer:
        for one in log:
            writer.write(one)
    part = writer.part(0, 10)
    assert (part.begin, part.end, part.records, part.file) == (3, 10, 2, "suar.audit/03.gz")
    assert list(read(tmp_path, part)) == log


def test_the_same_records_make_the_same_bytes(tmp_path: Path) -> None:
    digests = set()
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        with Writer(folder, AUDIT.name, 0) as writer:
            for one in a_log():
                writer.write(one)
        digests.add(writer.part(0, 6).sha256)
    assert len(digests) == 1


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyError("a bug")])
def test_what_fails_leaves_nothing(tmp_path: Path, error: Exception) -> None:
    def fails() -> None:
        with growing(tmp_path / "backup") as folder:
            (folder / "half").write_text("x")
            raise error

    with pytest.raises((BackupError, KeyError)) as told:
        fails()
    assert list(tmp_path.iterdir()) == []
    assert not isinstance(told.value, BackupError) or str(told.value).endswith("backup: No space left on device")


def test_a_folder_is_there_when_it_is_whole(tmp_path: Path) -> None:
    with growing(tmp_path / "deep" / "backup") as folder:
        (folder / "whole").write_text("x")
        assert not (tmp_path / "deep" / "backup").exists()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["backup"]
    with pytest.raises(BackupError, match="exists"), growing(tmp_path / "deep" / "backup"):
        raise AssertionError("never entered")


@pytest.mark.parametrize("cut", [1, 9, 40])
def test_a_file_that_breaks_off_is_told(tmp_path: Path, key: Path, cut: int) -> None:
    log = a_log()
    folder = kept(tmp_path / "b", log, sealed(log, key))
    part = read_manifest(folder).of(AUDIT.name)[0]
    file = folder / part.file
    file.write_bytes(file.read_bytes()[:-cut])
    assert list(unlike(folder, read_manifest(folder))) == [f"{part.file} is not the file that was written"]
    with pytest.raises(BackupError, match="cannot be read behind its record"):
        list(read(folder, part))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"format": 1', '"format": 2', "format 2"),
        ("suar.audit/00.gz", "../../etc/00.gz", "outside of its folder"),
        ('"topic": "suar.audit"', '"topic": "another"', "does not have"),
        ('"format": 1', '"format": "x"', "no manifest"),
    ],
)
def test_a_manifest_that_cannot_be_used(tmp_path: Path, key: Path, before: str, after: str, said: str) -> None:
    log = a_log()
    file = kept(tmp_path / "b", log, sealed(log, key)) / "manifest.json"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))
    with pytest.raises(BackupError, match=said):
        read_manifest(file.parent)
