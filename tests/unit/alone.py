"""A crew of one: this process does everything at once, without Dask."""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import Any


class Alone:
    """What `Crew` offers; what it calls a future is the result itself."""

    def each(self, function: Callable[..., Any], parts: Sequence[Any], *same: Any) -> list[Any]:
        return [function(part, *same) for part in parts]

    def gathered(self, what: str, futures: list[Any]) -> list[Any]:
        return futures

    def settled(self, what: str, futures: list[Any]) -> None:
        pass

    def item(self, future: Any, place: int) -> Any:
        return future[place]

    def together(self, function: Callable[..., Any], futures: list[Any]) -> Any:
        return function(futures)

    def total(
        self, what: str, function: Callable[..., Any], parts: Sequence[Any], *same: Any
    ) -> Any:
        return reduce(add, self.each(function, parts, *same))
