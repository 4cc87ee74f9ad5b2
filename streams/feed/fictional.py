"""Fictional users of the development sign-in: one for each role, so that every screen can be looked at. None exists."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.alerts import Text
from streams.feed.callers import Grant


@dataclass(frozen=True, slots=True)
class Fictional:
    """Who one may come in as."""

    name: str
    title: Text
    grants: tuple[Grant, ...]


def _user(name: str, indonesian: str, english: str, *grants: str) -> Fictional:
    return Fictional(name, Text(id=indonesian, en=english), tuple(map(Grant.parse, grants)))


_USERS: Final = (
    _user("contoh-koordinator", "Koordinator jaga", "Coordinator on call", "COORDINATOR", "SUPERVISOR", "OPERATOR"),
    _user("contoh-supervisor-cgk", "Supervisor TPI Soekarno-Hatta", "Supervisor, A-CGK", "SUPERVISOR:A-CGK"),
    _user("contoh-konter-cgk", "Petugas konter TPI Soekarno-Hatta", "Counter officer, A-CGK", "COUNTER:A-CGK"),
    _user("contoh-supervisor-btc", "Supervisor TPI Batam Centre", "Supervisor, S-BTC", "SUPERVISOR:S-BTC"),
    _user("contoh-kanim", "Petugas Kantor Imigrasi", "Passport office", "PASSPORT_OFFICE", "PASSPORT_OFFICE:KANIM-1"),
    _user("contoh-perwakilan-mys", "Perwakilan RI di Malaysia", "Mission in Malaysia", "MISSION:MYS"),
    _user("contoh-perwakilan-khm", "Perwakilan RI di Kamboja", "Mission in Cambodia", "MISSION:KHM"),
    _user("contoh-bp3mi", "BP3MI", "BP3MI", "BP3MI"),
    _user("contoh-kp2mi", "KP2MI", "KP2MI", "KP2MI"),
    _user("contoh-polri", "Polri, Dit PPA-PPO", "Police", "POLRI"),
    _user("contoh-dukcapil", "Dukcapil", "Civil registry", "DUKCAPIL"),
    _user("contoh-anak", "Perlindungan anak", "Child protection", "CHILD_PROTECTION"),
    _user("contoh-rptc", "Rumah perlindungan (RPTC)", "Shelter", "SHELTER"),
    _user("contoh-disnaker", "Disnaker", "Manpower office", "DISNAKER"),
    _user("contoh-desa", "Perangkat desa", "Village office", "VILLAGE:9901012001"),
    _user("contoh-kepatuhan", "Kepatuhan Internal", "Internal compliance", "COMPLIANCE"),
    _user("contoh-inspektorat", "Inspektorat", "Inspectorate", "INSPECTORATE"),
    _user("contoh-siskop2mi", "Pengelola data SISKOP2MI", "Data steward of SISKOP2MI", "AGENCY:siskop2mi"),
    _user("contoh-simkim", "Pengelola data SIMKIM", "Data steward of SIMKIM", "AGENCY:simkim"),
)
FICTIONAL: Final[Mapping[str, Fictional]] = {user.name: user for user in _USERS}
"""By name, in the order in which the page shows them."""
