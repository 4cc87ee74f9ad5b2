"""A policy put in force under a running worker: taken up without a restart, the same after a rebuild, and tried in the shadow first."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents import dossier as dossiers
from agents.versions import Announced, Use, announcement
from schemas.alerts import Alert, Severity
from schemas.envelope import System
from schemas.facts import encode
from schemas.shadow import Shadowed
from schemas.topics import ALERTS, FACTS, POLICY, SCREENINGS, SHADOW
from streams import book as books
from streams import policy as policies
from streams.announce import Announcer
from streams.produce import Record
from streams.publish import heartbeats, record_of
from streams.settings import ROOT
from tests.broker.installation import Installation, metric
from tests.broker.people import Event, Traveller
from tests.drills.workers import Worker, until

BEGINNING = (ROOT / "deploy" / "policy" / "2026-11.toml").read_text()
FEED_AGE = timedelta(seconds=120)
JUDGED = (FACTS, ALERTS, SCREENINGS)
"""What a rebuild folds again; admission goes on from Kafka's commit."""

Said = dict[str, tuple[int, str]]


@dataclass
class Office:
    """A task force with an installation, and a folder for its files."""

    suar: Installation
    worker: Worker
    files: Path

    def file(self, version: str, *changes: tuple[str, str]) -> str:
        """A policy like the one of the settings, under a new version."""
        text = BEGINNING
        for before, after in (('version = "2026-11"', f'version = "{version}"'), *changes):
            assert before in text
            text = text.replace(before, after)
        path = self.files / f"{version}.toml"
        path.write_text(text)
        return str(path)

    def does(self, *words: str) -> str:
        """A command that works."""
        done = self.suar.cli("policy", *words)
        assert done.exit_code == 0, done.output
        return done.output

    def refused(self, *words: str, code: int = 2) -> str:
        """A command that does not, in one line."""
        done = self.suar.cli("policy", *words)
        assert done.exit_code == code, done.output
        [line] = done.output.splitlines()
        return line

    def partitions(self, version: str, use: Use = Use.LIVE) -> float:
        """How many partitions judge by it."""
        return metric(self.worker, "suar_policy_partitions", version=version, use=use.value)

    def taken_up(self, version: str, use: Use = Use.LIVE) -> None:
        """Waits until all partitions do."""
        until(lambda: self.partitions(version, use) == FACTS.partitions, f"{version} is {use.value} in all partitions")

    def tell(self, *events: Event) -> None:
        """Published and folded."""
        self.suar.publish([record_of(event) for event in events])
        self.suar.settle()

    def leaves(self, **data: str) -> Traveller:
        """Somebody new presents a passport whose owner is known."""
        who = Traveller()
        self.suar.publish(heartbeats(datetime.now(UTC) - FEED_AGE))
        self.tell(who.issued())
        self.tell(who.attempted(**data))
        return who

    def alerts(self, who: Traveller) -> list[Alert]:
        """Every revision."""
        key = who.alert_id.encode()
        return [Alert.model_validate_json(one.value or b"") for one in self.suar.read(ALERTS) if one.key == key]

    def remembered(self) -> Said:
        """What dossiers hold of alerts: revision and version of the policy, by subject and alert."""
        found: Said = {}
        for key in self.suar.redis.scan_iter(f"{self.suar.namespace}:{{{FACTS.name}:*}}:d:*"):
            blob = self.suar.redis.get(key)
            for said in dossiers.decode(blob or b"").said.values():
                if said.alert is not None:
                    alert = Alert.model_validate_json(said.alert)
                    found[f"{key.decode()} {alert.alert_id}"] = (alert.revision, alert.policy_version)
        return found


@pytest.fixture(scope="module")
def office(suar: Installation) -> Office:
    files = suar.folder / "deploy" / "policy"
    files.mkdir(parents=True)
    (files.parent / "sop").symlink_to(ROOT / "deploy" / "sop")
    return Office(suar, suar.ready_worker(), files)


@pytest.fixture(scope="module")
def switched(office: Office) -> tuple[Office, Traveller, Traveller]:
    """One attempt under the policy of the settings, one under a version that was put in force meanwhile."""
    before = office.leaves()
    said = office.does("publish", office.file("2026-12", ("earlier_exits_needed = 2", "earlier_exits_needed = 0")))
    assert "policy 2026-12" in said
    office.taken_up("2026-12")
    return office, before, office.leaves()


def test_taken_up_without_a_restart(switched: tuple[Office, Traveller, Traveller]) -> None:
    office, before, after = switched
    [old], [new] = office.alerts(before), office.alerts(after)
    assert (old.policy_version, old.severity) == ("2026-11", Severity.HIGH)
    assert (new.policy_version, new.severity) == ("2026-12", Severity.MEDIUM)
    assert office.worker.codes == []


def test_what_was_said_is_judged_anew_with_its_next_fact(switched: tuple[Office, Traveller, Traveller]) -> None:
    """The version alone said nothing about the traveller before; the permit that comes now is judged by the new one."""
    office, _, _ = switched
    waiting = Traveller()
    office.tell(waiting.issued())
    office.tell(waiting.attempted())
    assert [one.policy_version for one in office.alerts(waiting)] == ["2026-12"]
    office.does("publish", office.file("2026-12.2"))
    office.taken_up("2026-12.2")
    assert len(office.alerts(waiting)) == 1
    data = {"crossing_id": f"EARLIER-{waiting.number}", "passport_no": waiting.passport_no, "checkpoint": "S-BTC"}
    data |= {"destination": "MYS", "reason_code": "CPMI_NP"}
    office.tell(waiting.says(System.SIMKIM, "departure_deferred", timedelta(days=5), data))
    assert [one.policy_version for one in office.alerts(waiting)] == ["2026-12", "2026-12.2"]
    office.does("publish", str(office.files / "2026-12.toml"))
    office.taken_up("2026-12")


def test_publishing_again_changes_nothing(switched: tuple[Office, Traveller, Traveller]) -> None:
    office, _, _ = switched
    book = asyncio.run(books.read(office.suar.local.kafka.address))
    office.does("publish", str(office.files / "2026-12.toml"))
    office.suar.settle()
    again = asyncio.run(books.read(office.suar.local.kafka.address))
    assert (again.contents, again.announcements) == (book.contents, book.announcements)
    assert office.partitions("2026-12") == FACTS.partitions


def test_a_version_never_changes(switched: tuple[Office, Traveller, Traveller]) -> None:
    office, _, _ = switched
    edited = office.file("2026-12", ("earlier_exits_needed = 2", "earlier_exits_needed = 1"))
    line = office.refused("publish", edited)
    assert "policy 2026-12 was published" in line
    assert "earlier_exits_needed: 0, here 1" in line
    assert "give the file a new one" in line
    assert "2026-12" in office.refused("shadow", edited)
    assert office.partitions("2026-12") == FACTS.partitions


def test_a_worker_with_other_content_under_a_published_name_does_not_start(
    switched: tuple[Office, Traveller, Traveller],
) -> None:
    office, _, _ = switched
    edited = office.file("2026-12", ("earlier_exits_needed = 2", "earlier_exits_needed = 1"))
    one = office.suar.worker(SUAR_POLICY=edited)
    assert one.ended() == 2
    assert "policy 2026-12 was published" in one.last_words()


def test_the_first_of_two_who_publish_at_once_stays(switched: tuple[Office, Traveller, Traveller]) -> None:
    """Both found the name free. Whose content came second is refused, and the first is the newest under its name."""
    office, _, _ = switched
    first, second = (
        policies.load(Path(office.file("2027-09", ("group_size = 3", f"group_size = {n}")))) for n in (5, 6)
    )
    kafka = office.suar.local.kafka.address

    async def race() -> None:
        async with Announcer(kafka) as announcer:
            free = books.Book()
            with pytest.MonkeyPatch.context() as patch:
                read = books.read

                async def late(where: str) -> books.Book:
                    patch.setattr(books, "read", read)
                    await announcer.publish(first)
                    return free

                patch.setattr(books, "read", late)
                with pytest.raises(policies.PolicyError, match="group_size: 5, here 6"):
                    await announcer.publish(second)

    asyncio.run(race())
    newest = [one for one in office.suar.read(POLICY) if one.key == b"2027-09"][-1]
    assert newest.value == policies.content(first)


def test_publishing_completes_what_was_interrupted(switched: tuple[Office, Traveller, Traveller]) -> None:
    """The publisher died when half of the partitions had been told."""
    office, _, _ = switched
    file = office.file("2027-01", ("earlier_exits_needed = 2", "earlier_exits_needed = 0"))
    policy = policies.load(Path(file))
    office.suar.publish([books.content_record(policy)])
    office.suar.publish([books.use_record(Use.LIVE, "2027-01", policies.digest(policies.content(policy)))])
    told = asyncio.run(books.read(office.suar.local.kafka.address)).newest(Use.LIVE)
    assert told is not None
    half = FACTS.partitions // 2
    fact = encode(announcement(Use.LIVE, told))
    office.suar.publish([Record(FACTS.name, b"policy:live", fact, partition) for partition in range(half)])
    until(lambda: office.partitions("2027-01") == half, "half of the partitions judge by it")
    assert f"{half} of {FACTS.partitions}" in office.does("list")
    office.does("publish", file)
    office.taken_up("2027-01")
    office.suar.settle()
    assert asyncio.run(books.read(office.suar.local.kafka.address)).newest(Use.LIVE) == told
    listed = office.does("list")
    assert f"{FACTS.partitions} of {FACTS.partitions}" in listed
    assert listed.count("in force") == 1


def test_shadow_counts_what_it_would_add_and_lose(switched: tuple[Office, Traveller, Traveller]) -> None:
    """Nothing else is said than without it."""
    office, _, _ = switched
    changes = (("cpmi_in_process = 120", "cpmi_in_process = 200"), ("siskop2mi = 15", "siskop2mi = 0"))
    office.does("shadow", office.file("2027-02", *changes))
    office.taken_up("2027-02", Use.SHADOW)

    lost, added = office.leaves(), Traveller()
    data = {"nik": added.nik, "country": "MYS", "scheme": "P_TO_P"}
    office.tell(added.issued(), added.says(System.SISKOP2MI, "cpmi_registered", timedelta(days=150), data))
    office.tell(added.attempted(visa_class="VISIT", purpose="TOURISM"))

    assert [one.policy_version for one in office.alerts(lost)] == ["2027-01"]
    assert office.alerts(added) == []
    counted = {
        change: metric(office.worker, "suar_shadowed_total", change=change, rule=rule)
        for change, rule in (("LOST", "work_visa_without_epmi"), ("ADDED", "declared_visit_but_cpmi_in_process"))
    }
    assert counted == {"LOST": 1, "ADDED": 1}
    listed = {
        (one.key or b"").decode(): Shadowed.model_validate_json(one.value or b"") for one in office.suar.read(SHADOW)
    }
    assert (listed[lost.alert_id].change.value, listed[added.alert_id].change.value) == ("LOST", "ADDED")
    for one in office.suar.read(SHADOW):
        assert [True for secret in (*lost.secrets, *added.secrets) if secret in (one.value or b"")] == []
    report = office.does("shadow", "--report")
    assert "policy 2027-02 in the shadow: 1 added, 1 lost, 0 changed" in report
    assert "declared_visit_but_cpmi_in_process" in report
    assert lost.alert_id in report


def test_shadow_ends(switched: tuple[Office, Traveller, Traveller]) -> None:
    office, _, _ = switched
    office.does("shadow", "2027-02")
    office.taken_up("2027-02", Use.SHADOW)
    office.does("shadow", "off")
    until(lambda: office.partitions("2027-02", Use.SHADOW) == 0, "no partition has a shadow")
    before = len(office.suar.read(SHADOW))
    office.leaves()
    assert len(office.suar.read(SHADOW)) == before
    assert "1 added, 1 lost" in office.does("shadow", "2027-02", "--report")


def test_what_is_not_published_is_not_found(switched: tuple[Office, Traveller, Traveller]) -> None:
    office, _, _ = switched
    assert "no policy 2031-01 is published" in office.refused("shadow", "2031-01", code=5)
    assert "no policy 2031-01 is published" in office.refused("diff", "2031-01", "2026-12", code=5)
    assert "group_size" in office.does("diff", "2026-12", office.file("2031-02", ("group_size = 3", "group_size = 7")))


def test_a_rebuild_judges_as_the_first_time(switched: tuple[Office, Traveller, Traveller]) -> None:
    """Redis forgets everything: the same versions stand on the same alerts, and nobody is told twice."""
    office, _, _ = switched
    until(lambda: office.suar.committed("react", FACTS) == office.suar.ends([FACTS]), "Kafka knows what was said")
    remembered, said = office.remembered(), len(office.suar.read(ALERTS))
    assert {version for _, version in remembered.values()} == {"2026-11", "2026-12", "2026-12.2", "2027-01"}
    office.suar.redis.flushall()
    office.suar.settle(JUDGED)
    assert office.remembered() == remembered
    assert len(office.suar.read(ALERTS)) == said
    until(lambda: office.partitions("2027-01") == FACTS.partitions, "every partition judges by it again")


@pytest.mark.parametrize("forgets", [False, True], ids=["restarted", "restarted and rebuilt"])
def test_a_worker_started_later_uses_it(switched: tuple[Office, Traveller, Traveller], forgets: bool) -> None:
    office, _, _ = switched
    office.worker.stop()
    if forgets:
        office.suar.redis.flushall()
    office.worker = office.suar.ready_worker()
    office.suar.settle(JUDGED)
    [alert] = office.alerts(office.leaves())
    assert (alert.policy_version, alert.severity) == ("2027-01", Severity.MEDIUM)


def test_a_worker_waits_for_a_policy_that_is_not_there(switched: tuple[Office, Traveller, Traveller]) -> None:
    """It judges by no other meanwhile, says on /ready what it waits for, and goes on by itself."""
    office, _, _ = switched
    policy = policies.load(Path(office.file("2027-03")))
    told = Announced("2027-03", policies.digest(policies.content(policy)), datetime.now(UTC), 999)
    fact, who = encode(announcement(Use.LIVE, told)), Traveller()
    office.tell(who.issued())
    office.suar.publish([Record(FACTS.name, b"policy:live", fact, partition) for partition in range(FACTS.partitions)])
    until(lambda: office.worker.waits_for == {"policy"}, "the worker waits for a policy")
    office.suar.publish([record_of(who.attempted())])
    assert not office.worker.ready
    assert office.alerts(who) == []
    office.suar.publish([books.content_record(policy)])
    office.taken_up("2027-03")
    office.suar.settle()
    assert [one.policy_version for one in office.alerts(who)] == ["2027-03"]
    until(lambda: office.worker.ready, "the worker is ready again")
