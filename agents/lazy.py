"""A value computed on first use and kept. The standard library's takes a lock until Python 3.12, a fifth of a judgement's time."""

from collections.abc import Callable
from typing import Generic, TypeVar, overload

Owner = TypeVar("Owner")
Value = TypeVar("Value")


class lazy(Generic[Owner, Value]):  # noqa: N801 - it reads as a decorator
    """Like `functools.cached_property`, for values that no two threads share."""

    def __init__(self, compute: Callable[[Owner], Value]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, owner: None, kind: type[Owner]) -> "lazy[Owner, Value]": ...
    @overload
    def __get__(self, owner: Owner, kind: type[Owner]) -> Value: ...

    def __get__(self, owner: Owner | None, kind: type[Owner]) -> "Value | lazy[Owner, Value]":
        if owner is None:
            return self
        kept: dict[str, object] = owner.__dict__
        value = kept[self._name] = self._compute(owner)
        return value
