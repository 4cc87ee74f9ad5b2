"""Cards: a rule as people read it, with the numbers of a policy. What a card says of severity and windows, tests compare with the rule."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agents.rules.rule import Rule, says
from schemas.alerts import Role, Severity, Strength, Text, TriggerKind
from schemas.envelope import System
from schemas.policy import Policy
from schemas.sop_parts import Ground

LOW, MEDIUM, HIGH, CRITICAL = Severity
_BOOKED = (
    "windows.booking_hours",
    "thresholds.strangers",
    "thresholds.strangers_households",
    "thresholds.strangers_kabupaten",
)
_CONTACT = ("windows.contact", "thresholds.contact_uses", "thresholds.contact_households")
_SPONSOR = (
    "windows.sponsor",
    "windows.address",
    "thresholds.sponsor_applications",
    "thresholds.address_adults",
    "thresholds.address_kabupaten",
)
_LINKED = (*_BOOKED, *_CONTACT, *_SPONSOR)
_MATTERS: Mapping[int, tuple[tuple[Severity, ...], tuple[str, ...]]] = {
    1: (
        (MEDIUM, HIGH),
        (
            "windows.earlier_exits",
            "earlier_exits_needed",
            "windows.worked_abroad",
            "windows.leave",
            "windows.cpmi_in_process",
        ),
    ),
    2: ((HIGH,), ("windows.cpmi_in_process",)),
    3: ((MEDIUM,), ("windows.new_passport",)),
    4: ((MEDIUM, HIGH), ("windows.long_stay", "countries")),
    5: (
        (HIGH,),
        (
            "thresholds.scam_signs",
            "thresholds.scam_signs_by_land",
            "windows.corridor_passport",
            "windows.ticket_hours",
            "scam_corridor.visa_free_days",
            "scam_corridor.countries",
            "scam_corridor.ports",
            "scam_corridor.transits",
            "scam_corridor.by_land",
        ),
    ),
    6: ((HIGH,), ("windows.victim_redeparture", "corridors")),
    7: ((MEDIUM,), ("windows.returnee_passport",)),
    8: ((CRITICAL,), ()),
    9: ((HIGH, CRITICAL), ("windows.deferral", "windows.deferred_group", "group_size")),
    10: ((HIGH,), ("windows.refusal",)),
    11: ((CRITICAL,), ()),
    12: ((MEDIUM, CRITICAL), ()),
    13: ((HIGH,), ()),
    14: (
        (HIGH, CRITICAL),
        (
            "thresholds.birth_date_days",
            "thresholds.adult",
            "minimum_ages",
            "windows.legacy_data",
            "windows.recently_issued",
        ),
    ),
    15: ((HIGH,), ("windows.biodata", "thresholds.birth_date_days")),
    16: ((MEDIUM, CRITICAL), ("thresholds.adult",)),
    17: ((MEDIUM, HIGH), _BOOKED),
    18: ((HIGH,), _CONTACT),
    19: ((HIGH,), _SPONSOR),
    20: (
        (LOW, MEDIUM, HIGH, CRITICAL),
        (
            "windows.complaint",
            "thresholds.complaints",
            "thresholds.complaint_people",
            "thresholds.complaint_percent",
        ),
    ),
    21: (
        (MEDIUM, HIGH),
        (
            "windows.cohort_left",
            "windows.cohort_silent",
            "thresholds.cohort",
            "corridors",
            "scam_corridor.countries",
            *_LINKED,
        ),
    ),
    22: ((MEDIUM, HIGH), ()),
    23: ((HIGH,), ("windows.transit_hours",)),
    24: ((MEDIUM,), ("documents",)),
    25: ((MEDIUM, HIGH), ("countries",)),
    26: ((HIGH,), ("windows.letter_domicile",)),
    27: (
        (HIGH,),
        ("windows.overrides", "windows.shift_hours", "thresholds.overrides", "thresholds.overrides_in_a_shift"),
    ),
    28: ((MEDIUM,), ()),
    29: ((CRITICAL,), ("windows.two_passports",)),
    30: ((MEDIUM, HIGH), ("windows.deported",)),
    32: ((MEDIUM, HIGH), ()),
    33: ((MEDIUM,), ("windows.interview", "thresholds.stories_differ")),
    34: ((MEDIUM,), ("hajj",)),
    35: ((LOW,), ("windows.corridor_passport",)),
}
"""By number in the rule book: how grave it can be, and the fields of the policy that it reads."""
_OWN: Mapping[str, tuple[tuple[Severity, ...], tuple[str, ...]]] = {
    "possible_same_person": ((MEDIUM,), ()),
    "identity_conflict": ((HIGH,), ()),
    "new_adult_nik": ((HIGH,), ("windows.biodata", "thresholds.registered_late")),
    "mother_name_mismatch": ((MEDIUM,), ()),
    "serial_guardian": ((CRITICAL,), ("windows.guardian", "windows.household", "thresholds.guardian_minors")),
    "travels_with_strangers": ((MEDIUM, HIGH), ()),
    "one_hand_sends_strangers": (
        (HIGH,),
        ("windows.one_hand", "thresholds.one_hand"),
    ),
    "sent_by_one_hand": ((HIGH, CRITICAL), ("windows.corridor_passport",)),
    "shares_a_handler": ((MEDIUM,), ()),
    "hasty_verification": ((MEDIUM,), ("windows.hasty_minutes", "thresholds.hasty_epmis")),
}
"""Where two rules share a number and are not alike."""


@dataclass(frozen=True)
class Setting:
    """One field of the policy with its value in words, such as `windows.deferral` and `30 days`."""

    field: str
    value: Text


@dataclass(frozen=True)
class Fresh:
    """A source that the rule needs, and how old its word may be."""

    source: System
    minutes: int


@dataclass(frozen=True)
class Card:
    """Everything that stands on a rule's card besides its own sentences."""

    rule: Rule
    severities: tuple[Severity, ...]
    """From the least to the gravest."""
    conditions: tuple[Text, ...]
    fresh: tuple[Fresh, ...]
    settings: tuple[Setting, ...]
    grounds: tuple[Ground, ...]

    @property
    def name(self) -> str:
        """`id@version`, as alerts name it."""
        return f"{self.rule.id}@{self.rule.version}"

    @property
    def range(self) -> str:
        """`MEDIUM – HIGH`, or the one that there is."""
        ends = dict.fromkeys((self.severities[0].name, self.severities[-1].name)) if self.severities else {}
        return " – ".join(ends)


def card(rule: Rule, policy: Policy) -> Card:
    """The card of a rule under a policy."""
    severities, fields = matters(rule)
    texts = {ground.code: ground for ground in policy.sop.grounds}
    return Card(
        rule,
        severities,
        conditions=tuple(_conditions(rule)),
        fresh=tuple(Fresh(source, round(policy.feed_limit(source).total_seconds() / 60)) for source in rule.needs),
        settings=tuple(Setting(field, _said(field, policy)) for field in fields),
        grounds=tuple(texts[code] for code in rule.grounds if code in texts),
    )


def matters(rule: Rule) -> tuple[tuple[Severity, ...], tuple[str, ...]]:
    """How grave a rule can be, and what of the policy it reads; empty for one that no card describes yet."""
    return _OWN.get(rule.id) or _MATTERS.get(rule.number) or ((), ())


def _conditions(rule: Rule) -> Iterator[Text]:
    for kind in TriggerKind:
        if kind in rule.triggers:
            yield _WHEN[kind]
    yield _ALONE if rule.strength is Strength.STRONG else _TOGETHER
    if rule.needs:
        yield _MISSING if rule.absence else _LOWER
    if rule.wakes is not None:
        yield _AGAIN
    if rule.circle:
        names = ", ".join(role.value for role in Role if role in rule.circle)
        yield says(f"Hanya {names} yang mengetahui bahwa aturan ini berbunyi.", f"Only {names} may know that it spoke.")


_WHEN: Mapping[TriggerKind, Text] = {
    TriggerKind.ATTEMPT: says("Dinilai saat seseorang hendak berangkat.", "Judged when somebody tries to leave."),
    TriggerKind.APPLICATION: says("Dinilai saat permohonan paspor diajukan.", "Judged when a passport is applied for."),
    TriggerKind.LOSS_REPORT: says("Dinilai saat paspor dilaporkan hilang.", "Judged when a passport is reported lost."),
    TriggerKind.MANIFEST: says(
        "Dinilai saat pengangkut mengumumkan penumpangnya.", "Judged when a carrier announces its passengers."
    ),
    TriggerKind.PLACEMENT: says(
        "Dinilai saat e-PMI, perjanjian, atau pendaftaran kerja tercatat.",
        "Judged when an e-PMI, an agreement or a registration for work is recorded.",
    ),
    TriggerKind.REGISTRY: says(
        "Dinilai saat data kependudukan satu nomor saling bertentangan.",
        "Judged when what the registries say of one number contradicts itself.",
    ),
    TriggerKind.CLUSTER: says(
        "Dinilai untuk satu kelompok yang berbagi pemesanan, nomor, penjamin, alamat, atau surat.",
        "Judged of a group that shares a booking, a number, a guarantor, an address or a letter.",
    ),
    TriggerKind.COHORT: says(
        "Dinilai untuk orang-orang yang terhubung dan sudah berangkat.", "Judged of linked people who have left."
    ),
    TriggerKind.OFFICER: says(
        "Dinilai dari keputusan satu petugas, hanya untuk kepatuhan internal.",
        "Judged of one officer's decisions, for internal compliance alone.",
    ),
}
_ALONE = says("Cukup kuat untuk berdiri sendiri.", "Strong enough to stand alone.")
_TOGETHER = says(
    "Lemah: hanya dihitung bersama petunjuk dari keluarga bukti lain.",
    "Weak: it counts only together with an indication of another family.",
)
_MISSING = says(
    "Bertumpu pada sesuatu yang tidak ada: selama sumbernya diam atau pemilik dokumen belum diketahui, belum dapat dipastikan.",
    "Rests on something missing: while a source is silent, or the document's owner unknown, it cannot be told.",
)
_LOWER = says(
    "Bila sumbernya diam, keparahannya turun satu tingkat; SEDANG ke bawah belum dapat dipastikan.",
    "While a source is silent it is one level lower; MEDIUM and below cannot be told.",
)
_AGAIN = says("Dilihat lagi dengan berjalannya waktu.", "Looked at again as time passes.")


def _said(field: str, policy: Policy) -> Text:
    """A field's value in words. AttributeError for a field that the policy lacks: a card must not name one."""
    value: object = policy
    for name in field.split("."):
        value = getattr(value, name)
    if field.startswith("windows.") or field.endswith("_days"):
        unit = next((unit for end, unit in _UNITS.items() if field.endswith(end)), ("hari", "days"))
        return says(f"{value} {unit[0]}", f"{value} {unit[1]}")
    if isinstance(value, Mapping):
        value = sorted(f"{name} {one}" if isinstance(one, int) else str(name) for name, one in value.items())
    elif isinstance(value, frozenset):
        value = sorted(map(str, value))
    elif isinstance(value, tuple):
        return says(f"{len(value)} baris", f"{len(value)} rows")
    text = (", ".join(value) or "–") if isinstance(value, list) else str(value)
    return says(text, text)


_UNITS = {"_hours": ("jam", "hours"), "_minutes": ("menit", "minutes")}
