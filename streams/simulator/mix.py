"""Who leaves where: kinds of travellers and checkpoints fitted to both published margins at once."""

from streams.simulator.dice import Odds
from streams.simulator.nation import Nation

Cell = tuple[str, str]
"""A kind of traveller, as `[travellers]` names it, and a checkpoint."""
ORDINARY = (
    "pilgrims",
    "returning_workers",
    "students",
    "sea_crew",
    "border_residents",
    "settled_abroad",
    "business",
    "family_visits",
    "holidays",
    "without_papers",
)
SIZES: dict[str, dict[int, float]] = {
    "pilgrims": {1: 0.2, 2: 0.45, 3: 0.08, 4: 0.08},
    "returning_workers": {1: 1.0},
    "students": {1: 0.9, 2: 0.1},
    "sea_crew": {1: 0.5, 2: 0.2, 4: 0.2, 6: 0.1},
    "border_residents": {1: 0.7, 2: 0.2, 3: 0.1},
    "settled_abroad": {1: 0.6, 2: 0.2, 3: 0.1, 4: 0.1},
    "business": {1: 0.75, 2: 0.17, 3: 0.08},
    "family_visits": {1: 0.45, 2: 0.25, 3: 0.15, 4: 0.15},
    "holidays": {1: 0.335, 2: 0.3, 3: 0.14, 4: 0.125, 5: 0.05, 6: 0.02, 8: 0.02, 14: 0.01},
    "without_papers": {1: 0.6, 2: 0.25, 3: 0.15},
}
"""How many leave together: shares of parties. To pilgrims come the groups of operators."""
_OPERATORS = {22: 0.26, 30: 0.42, 38: 0.32}
_AIR_ONLY = frozenset({"pilgrims", "students", "sea_crew"})
_ROUNDS = 60


def _affinity(nation: Nation, kind: str, code: str) -> float:
    place = nation.checkpoints[code]
    border = code[0] == "L" or place.goes == "timor" or code in {"S-NNK", "S-SBK"}
    match kind:
        case "border_residents":
            return {"L": 6.0}.get(code[0], 1.0) if border else 0.0
        case "pilgrims":
            return (
                {"pilgrim_air": 10.0, "malacca_air": 1.2}.get(place.goes, 1.0)
                if code[0] == "A" and code != "A-DPS"
                else 0.0
            )
        case _ if kind in _AIR_ONLY:
            return float(code[0] == "A")
        case "returning_workers":
            return {"A": 1.0, "S": 0.5, "L": 0.4}[code[0]]
        case "without_papers":
            return {"A": 0.8, "S": 1.6, "L": 1.6}[code[0]]
        case "business":
            return {"A": 1.2, "S": 0.8, "L": 0.1}[code[0]]
        case _:
            return {"A": 1.0, "S": 1.0, "L": 0.5}[code[0]]


def _fitted(nation: Nation) -> dict[Cell, float]:
    """Shares of people by kind and checkpoint."""
    kinds = {kind: float(getattr(nation.travellers, kind)) for kind in ORDINARY}
    places = {code: place.share for code, place in nation.checkpoints.items()}
    scale = sum(kinds.values()) / sum(places.values())
    cells = {(kind, code): _affinity(nation, kind, code) for kind in kinds for code in places}
    for _ in range(_ROUNDS):
        for axis, wanted in ((1, {code: share * scale for code, share in places.items()}), (0, kinds)):
            sums = dict.fromkeys(wanted, 0.0)
            for cell, weight in cells.items():
                sums[cell[axis]] += weight
            cells = {cell: weight * wanted[cell[axis]] / (sums[cell[axis]] or 1.0) for cell, weight in cells.items()}
    return cells


def sizes(nation: Nation) -> dict[str, dict[int, float]]:
    """Sizes of parties by kind, with so many pilgrims in operators' groups as the nation says."""
    alone, groups = SIZES["pilgrims"], _OPERATORS
    share = nation.innocent.umrah_alone
    per_group = (1 - share) / share * _mean(alone) / _mean(groups)
    rest, led = 1 / (1 + per_group), per_group / (1 + per_group)
    mixed = {size: weight / sum(alone.values()) * rest for size, weight in alone.items()}
    return SIZES | {"pilgrims": mixed | {size: weight / sum(groups.values()) * led for size, weight in groups.items()}}


def _mean(of: dict[int, float]) -> float:
    return sum(size * weight for size, weight in of.items()) / sum(of.values())


def parties(nation: Nation) -> Odds[Cell]:
    """Kind and checkpoint of a party."""
    means = {kind: _mean(of) for kind, of in sizes(nation).items()}
    return Odds({cell: weight / means[cell[0]] for cell, weight in _fitted(nation).items()})
