"""Fictional people: numbers under province 99, which no registry uses."""


def nik(number: int) -> str:
    """A well-formed NIK, another one for each number below 134 million."""
    number, serial = divmod(number, 9999)
    number, day = divmod(number, 28)
    year, month = divmod(number, 12)
    return f"990101{day + 1:02d}{month + 1:02d}{60 + year % 40:02d}{serial + 1:04d}"


def passport(number: int) -> str:
    """A passport number, another one for each number below ten million."""
    return f"X{number:07d}"
