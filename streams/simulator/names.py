"""Names as people of a region bear them: single names, BIN and BINTI, Balinese birth order, marga, ANDI. All combinations are chance."""

import tomllib
from pathlib import Path
from random import Random
from typing import Any

_LISTS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("names.toml").read_text())


def _words(table: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(words.split()) for name, words in _LISTS[table].items()}


_MEN, _WOMEN, _MARGA, _SECOND = _words("men"), _words("women"), _words("marga"), _words("second")
_IN_ORDER = _words("order_of_birth")
_SINGLE: dict[str, float] = _LISTS["single"]
_PATRONYMIC = frozenset({"melayu", "bugis", "madura", "aceh"})

_HINDU = frozenset({"bali"})
_CHRISTIAN = frozenset({"timor", "dayak", "minahasa", "papua", "batak"})


def name_of(roll: Random, region: str, sex: str, father: str = "") -> str:
    """A full name in capitals, as the registry has it. `father` is used where patronymics are."""
    given = roll.choice((_WOMEN if sex == "F" else _MEN)[region])
    drawn = roll.random()
    if region in _IN_ORDER:
        return f"{'NI' if sex == 'F' else 'I'} {roll.choice(_IN_ORDER[region])} {given}"
    if region in _MARGA:
        middle = f" {roll.choice(_SECOND['men'])}" if drawn < 0.2 and region == "tionghoa" else ""
        return f"{given}{middle} {roll.choice(_MARGA[region])}"
    if drawn < _SINGLE.get(region, _SINGLE["others"]):
        return given
    if region in _PATRONYMIC and drawn < 0.4:
        return f"{given} {'BINTI' if sex == 'F' else 'BIN'} {father or roll.choice(_MEN[region])}"
    second = roll.choice(_SECOND["women" if sex == "F" else "men"])
    return f"{given} {second}" if drawn < 0.85 else f"{given} {roll.choice(_SECOND['men'])} {second}"


def misspelt(roll: Random, name: str) -> str:
    """As a clerk in a hurry keys it: one letter doubled, dropped or swapped, or an old spelling."""
    drawn = roll.random()
    if drawn < 0.25 and "U" in name:
        return name.replace("U", "OE", 1)
    at = roll.randrange(1, len(name)) if len(name) > 1 else 0
    if drawn < 0.5:
        return name[:at] + name[at - 1] + name[at:]
    if drawn < 0.75 and len(name) > 3:
        return name[:at] + name[at + 1 :]
    return name[: at - 1] + name[at : at + 1] + name[at - 1 : at] + name[at + 1 :] if at else name


def religion_of(roll: Random, region: str) -> str:
    """For the truth alone: no rule ever reads it."""
    if region in _HINDU:
        return "HINDU" if roll.random() < 0.86 else "ISLAM"
    if region in _CHRISTIAN:
        return roll.choice(("PROTESTANT", "CATHOLIC", "PROTESTANT", "ISLAM"))
    if region == "tionghoa":
        return roll.choice(("BUDDHIST", "CATHOLIC", "PROTESTANT", "KONGHUCU", "ISLAM"))
    return "ISLAM" if roll.random() < 0.95 else roll.choice(("PROTESTANT", "CATHOLIC"))
