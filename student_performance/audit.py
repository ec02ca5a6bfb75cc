"""Which version serves: alias moves as a plan, and the record that each of them leaves."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from student_performance.errors import RegistryError
from student_performance.promotion import Decision
from student_performance.strict import Strict


class Alias(StrEnum):
    """The names by which versions are asked for."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    PREVIOUS = "previous"


class Move(Strict):
    """An alias and the version that it shall point to; None takes the alias away."""

    alias: Alias
    version: str | None


class AuditRecord(Strict):
    """One alias move, written before the alias moves and marked as done after it.

    Attributes:
        at: When it was begun, in UTC.
        actor: Who asked for it.
        cause: The decision or command behind it; a repeated command has the same cause.
        alias: The alias that moved.
        from_version: Where it pointed before.
        to_version: Where it points now.
        reason: Why, in words.
        evidence: Identifier of the MLflow run behind the version.
        done: Whether the alias was seen to have moved.
    """

    at: datetime
    actor: str
    cause: str
    alias: Alias
    from_version: str | None
    to_version: str | None
    reason: str
    evidence: str
    done: bool

    @property
    def key(self) -> str:
        """Name of the record; sorts by time."""
        return f"audit.{self.at:%Y%m%dT%H%M%S.%f}Z.{self.alias}"


Aliases = Mapping[str, str]


def moves_for(decision: Decision, version: str, aliases: Aliases) -> list[Move]:
    """The moves that a decision about a registered version asks for; the deciding one is last."""
    if decision.promote:
        return promotion(version, aliases)
    return [Move(alias=Alias.CHALLENGER, version=version)]


def promotion(version: str, aliases: Aliases) -> list[Move]:
    """Let a version serve; what served before is `previous`."""
    moves = []
    if aliases.get(Alias.CHALLENGER) == version:
        moves.append(Move(alias=Alias.CHALLENGER, version=None))
    champion = aliases.get(Alias.CHAMPION)
    if champion is not None and champion != version:
        moves.append(Move(alias=Alias.PREVIOUS, version=champion))
    return [*moves, Move(alias=Alias.CHAMPION, version=version)]


def rollback(aliases: Aliases) -> list[Move]:
    """Let the previous version serve again.

    The champion moves first: cut off in between, the version that was asked for serves.

    Raises:
        RegistryError: No version served before this one.
    """
    previous, champion = aliases.get(Alias.PREVIOUS), aliases.get(Alias.CHAMPION)
    if previous is None or previous == champion:
        raise RegistryError(
            "There is no previous version to roll back to: nothing served before the champion.",
            "python run.py runs",
        )
    moves = [Move(alias=Alias.CHAMPION, version=previous)]
    if champion is not None:
        moves.append(Move(alias=Alias.PREVIOUS, version=champion))
    if aliases.get(Alias.CHALLENGER) == previous:
        moves.append(Move(alias=Alias.CHALLENGER, version=None))
    return moves


def following(now: datetime, records: Iterable[AuditRecord]) -> datetime:
    """When the next move is: now, or right after the last one if the clock was moved back.

    The order of the records is that of the moves, whatever a clock says.
    """
    last = max((record.at for record in records), default=None)
    return now if last is None or now > last else last + timedelta(microseconds=1)


def outstanding(moves: list[Move], cause: str, records: Iterable[AuditRecord]) -> list[Move]:
    """The moves that still have to be made if this cause was begun before and cut off.

    A cause whose last move is done is finished: what a person moved since stays as it is.
    """
    done = {record.alias for record in records if record.cause == cause and record.done}
    if moves[-1].alias in done:
        return []
    return [move for move in moves if move.alias not in done]


def begun(move: Move, cause: str, records: Iterable[AuditRecord]) -> AuditRecord | None:
    """The record of a move that this cause began and did not finish."""
    for record in records:
        if (record.cause, record.alias, record.done) == (cause, move.alias, False):
            return record
    return None
