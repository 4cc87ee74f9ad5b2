"""Page text: what a page says, in two languages. Severity, place, one sentence, how many, where to look; never who."""

from dataclasses import dataclass

from agents.rules import RULES
from schemas.alerts import Alert, Role, Severity, Text
from schemas.paging import Language, Page, PageKind

NO_REASON = Text(
    id="Ada indikasi pada keberangkatan; rinciannya ada di layar.",
    en="There are indications about a departure; the screen has the details.",
)
"""For a role that may not know which rule spoke."""
CUT = Text(
    id="Terlalu banyak panggilan dalam satu menit; sebagian tidak dikirim.",
    en="Too many pages in one minute; some were not sent.",
)
_CIRCLES = {rule.id: rule.circle for rule in RULES}
_SEVERITIES = {
    Severity.LOW: Text(id="RENDAH", en="LOW"),
    Severity.MEDIUM: Text(id="SEDANG", en="MEDIUM"),
    Severity.HIGH: Text(id="TINGGI", en="HIGH"),
    Severity.CRITICAL: Text(id="KRITIS", en="CRITICAL"),
}
_KINDS = {
    PageKind.RISEN: Text(id="Menjadi lebih gawat.", en="Now graver."),
    PageKind.ESCALATED: Text(id="Belum ada yang menjawab.", en="Nobody has answered yet."),
    PageKind.REPEATED: Text(id="Masih belum ada yang menjawab.", en="Still nobody has answered."),
    PageKind.ENDED: Text(id="Selesai, tidak perlu tindakan.", en="Over, nothing to do."),
}


def sentence(alert: Alert, role: Role) -> Text:
    """The gravest reason that the role may read (`agents.route.view` has the same limits); the counter is given none."""
    if role is Role.COUNTER:
        return NO_REASON
    known = [one for one in alert.indications if role in (_CIRCLES.get(one.rule) or frozenset({role}))]
    return max(known, key=lambda one: one.severity).why if known else NO_REASON


@dataclass(frozen=True, slots=True)
class Words:
    """A page as people read it."""

    title: str
    body: str
    link: str


def words(page: Page, language: Language, base: str) -> Words:
    """`base` is the address of the feed, without a slash at its end."""
    link = f"{base}/alerts/{page.claims[0].alert_id}" if page.claims else f"{base}/"
    title = f"{_in(_SEVERITIES[page.severity], language)} {page.place}" if page.place != "*" else "Suar"
    parts = (_KINDS.get(page.kind), page.sentence, _count(page))
    body = " ".join(part.id if language is Language.ID else part.en for part in parts if part is not None)
    return Words(title, f"{body}\n{link}", link)


def _in(text: Text, language: Language) -> str:
    return text.id if language is Language.ID else text.en


def _count(page: Page) -> Text | None:
    if page.kind is PageKind.FLOOD:
        return Text(
            id=f"{page.cut_pages} panggilan tentang {page.cut_alerts} peringatan; semuanya ada di layar.",
            en=f"{page.cut_pages} pages about {page.cut_alerts} alerts; all are on the screen.",
        )
    count = len(page.claims)
    if count < 2:
        return None
    return Text(
        id=f"{count} peringatan di tempat dan dengan aturan yang sama.",
        en=f"{count} alerts of the same place and rule.",
    )
