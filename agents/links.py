"""Links: subjects that people share. They count distinct members and tell each, once, when that changes what it means."""

import msgspec

from agents.dossier import Dossier
from schemas.facts import GATHERED, MENTIONED, Fact, Note, Value, note
from schemas.identity import Subject, SubjectKind, subject


def link_subject(link: str) -> Subject:
    """Where the people behind a link are counted."""
    return subject(SubjectKind.BOOKING, link)


def mentions(dossier: Dossier, about: Fact) -> tuple[Dossier, tuple[Note, ...]]:
    """Notes to links that this dossier uses now or uses no more; a change of mind outranks what was said before."""
    wanted = {link for said in dossier.said.values() for link in said.links}
    if not wanted and not dossier.mentions:
        return dossier, ()
    known = dict(dossier.mentions)
    notes: list[Note] = []
    for link in sorted({*wanted, *known}):
        count = known.get(link, 0)
        if (count % 2 == 1) == (link in wanted):
            continue
        known[link] = count + 1
        said = note(
            MENTIONED,
            about=about,
            data={"link": link, "member": dossier.subject, "stands": link in wanted},
            parts=(link, dossier.subject),
        )
        notes.append(Note(link_subject(link), msgspec.structs.replace(said, epoch=count + 1)))
    return (msgspec.structs.replace(dossier, mentions=known), tuple(notes)) if notes else (dossier, ())


def gather(dossier: Dossier, fact: Fact, enough: int) -> tuple[Dossier, tuple[Note, ...]]:
    """Hold the mention, count who stands (up to `enough`), and tell each member whose number changed."""
    link = fact.text("link")
    standing = sorted(f.text("member") for f in dossier.held.values() if f.kind == MENTIONED and f.flag("stands"))
    count = min(len(standing), enough)
    news = [member for member in standing if dossier.mentions.get(member) != count]
    epoch = dossier.epoch + 1
    told: dict[str, Value] = {"link": link, "count": count}
    notes = tuple(
        Note(
            Subject(member),
            msgspec.structs.replace(note(GATHERED, about=fact, data=told, parts=(link, member)), epoch=epoch),
        )
        for member in news
    )
    return msgspec.structs.replace(dossier, epoch=epoch, mentions=dict.fromkeys(standing, count)), notes
