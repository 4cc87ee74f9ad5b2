"""Fictional travellers and what agencies say about them, in the order in which it happened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from schemas.envelope import System
from schemas.facts import digest
from streams.publish import envelope

Event = dict[str, Any]

_numbers = count(1)


@dataclass(frozen=True)
class Traveller:
    """Somebody who does not exist: province 99, a prefix that no operator holds. Each one is new."""

    number: int = field(default_factory=lambda: next(_numbers))
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    @property
    def nik(self) -> str:
        return f"990101450690{self.number:04}"

    @property
    def name(self) -> str:
        """A name that nobody bears, another for each number."""
        return "REKAAN " + "".join("BDFGHJKLMN"[int(digit)] + "a" for digit in f"{self.number:04}").upper()

    @property
    def passport_no(self) -> str:
        return f"X99{self.number:05}"

    @property
    def phone(self) -> str:
        return f"+62840{self.number:08}"

    @property
    def crossing(self) -> str:
        return f"CROSSING-{self.number}"

    @property
    def alert_id(self) -> str:
        """Of the alert about this traveller's attempt."""
        return digest("alert", "ATTEMPT", self.crossing)

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """What must never be found behind admission."""
        clear = (self.nik, self.passport_no, self.phone.removeprefix("+62"), self.name)
        return tuple(text.encode() for text in clear)

    def says(self, system: System, kind: str, ago: timedelta, data: Mapping[str, Any], **more: Any) -> Event:
        """An event about this traveller, so long ago."""
        name = f"{kind}-{self.number}"
        return envelope(system, kind, name=name, time=self.now - ago, data=data, **more)

    def applied(self) -> Event:
        data = {
            "application_no": f"APP-{self.number}",
            "nik": self.nik,
            "name": self.name,
            "birth_date": "1990-06-05",
            "phone": self.phone,
            "purpose": "TOURISM",
            "office_code": "KANIM-CONTOH",
        }
        return self.says(System.SIMKIM, "passport_application_submitted", timedelta(days=410), data)

    def issued(self) -> Event:
        data = {
            "passport_no": self.passport_no,
            "nik": self.nik,
            "issued_on": "2025-11-20",
            "office_code": "KANIM-CONTOH",
        }
        return self.says(System.SIMKIM, "passport_issued", timedelta(days=400), data)

    def permitted(self) -> Event:
        data = {"epmi_no": f"EPMI-{self.number}", "nik": self.nik, "scheme": "P_TO_P", "country": "MYS"}
        return self.says(System.SISKOP2MI, "epmi_issued", timedelta(days=10), data)

    def attempted(self, ago: timedelta = timedelta(minutes=1), **data: Any) -> Event:
        """Presents the passport, on a work visa unless `data` says otherwise. The service leaves in hours."""
        usual = {
            "crossing_id": self.crossing,
            "checkpoint": "A-CGK",
            "lane": "COUNTER",
            "direction": "OUT",
            "passport_no": self.passport_no,
            "destination": "MYS",
            "visa_class": "WORK",
            "scheduled_at": (self.now + timedelta(hours=3)).isoformat(),
        }
        return self.says(System.SIMKIM, "crossing_attempted", ago, {**usual, **data})


def taken_back(event: Event) -> Event:
    """The agency takes an event back, a minute later by its own clock."""
    at = datetime.fromisoformat(event["time"]) + timedelta(minutes=1)
    return {**event, "id": f"{event['id']}-taken-back", "retracts": event["id"], "time": at.isoformat()}
