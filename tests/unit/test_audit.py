"""Alias moves as a plan: what serves, what served before, and how a cut-off series goes on."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from student_performance.audit import (
    Alias,
    AuditRecord,
    Move,
    begun,
    following,
    moves_for,
    outstanding,
    promotion,
    rollback,
)
from student_performance.errors import RegistryError
from student_performance.promotion import ChampionComparison
from tests.unit.builders import decision, estimate

TO_CHAMPION = Move(alias=Alias.CHAMPION, version="3")
TO_PREVIOUS = Move(alias=Alias.PREVIOUS, version="2")
NO_CHALLENGER = Move(alias=Alias.CHALLENGER, version=None)
PROMOTION = [NO_CHALLENGER, TO_PREVIOUS, TO_CHAMPION]


def record(move: Move, cause: str = "this", done: bool = True) -> AuditRecord:
    return AuditRecord(
        at=datetime(2026, 11, 23, 9, 5, 7, 42, tzinfo=UTC),
        actor="tester",
        cause=cause,
        alias=move.alias,
        from_version=None,
        to_version=move.version,
        reason="because",
        evidence="run-1",
        done=done,
    )


def after(aliases: Mapping[str, str], moves: list[Move]) -> dict[str, str]:
    """The aliases once the moves are made."""
    result = dict(aliases)
    for move in moves:
        if move.version is None:
            result.pop(move.alias, None)
        else:
            result[move.alias] = move.version
    return result


def test_a_clock_that_is_moved_back_does_not_change_the_order_of_the_moves() -> None:
    last = record(TO_CHAMPION)
    later, earlier = last.at + timedelta(seconds=3), last.at - timedelta(days=1)

    assert following(earlier, []) == earlier
    assert following(later, [last]) == later
    assert last.at < following(earlier, [last]) < later
    moved = last.model_copy(update={"at": following(last.at, [last])})
    assert moved.key > last.key


def test_first_promotion_moves_the_champion_alone() -> None:
    assert promotion("3", {}) == [TO_CHAMPION]


def test_promotion_keeps_who_served_before_as_previous_and_moves_the_champion_last() -> None:
    assert promotion("3", {"champion": "2", "previous": "1"}) == [TO_PREVIOUS, TO_CHAMPION]


def test_promoted_challenger_is_challenger_no_longer() -> None:
    assert promotion("3", {"champion": "2", "challenger": "3"}) == PROMOTION


def test_promotion_leaves_another_challenger_alone() -> None:
    assert promotion("3", {"champion": "2", "challenger": "4"}) == [TO_PREVIOUS, TO_CHAMPION]


def test_champion_that_is_promoted_again_does_not_become_its_own_previous() -> None:
    aliases = {"champion": "3", "previous": "1"}

    assert promotion("3", aliases) == [TO_CHAMPION]
    assert after(aliases, promotion("3", aliases)) == aliases


def test_decision_to_promote_asks_for_a_promotion() -> None:
    aliases = {"champion": "2", "challenger": "3"}

    assert moves_for(decision(), "3", aliases) == promotion("3", aliases)


@pytest.mark.parametrize("high", [0.1, -0.1], ids=["kept", "refused"])
def test_other_decisions_make_the_version_a_challenger(high: float) -> None:
    against = ChampionComparison(version="2", log_loss_gain=estimate(-0.2, -0.3, high))

    assert moves_for(decision(champion=against), "3", {"champion": "2"}) == [
        Move(alias=Alias.CHALLENGER, version="3")
    ]


def test_rollback_exchanges_champion_and_previous() -> None:
    aliases = {"champion": "3", "previous": "2"}
    back = after(aliases, rollback(aliases))

    assert back == {"champion": "2", "previous": "3"}
    assert after(back, rollback(back)) == aliases
    assert rollback(aliases)[0].alias is Alias.CHAMPION  # a rollback that is cut off has happened


def test_rollback_to_a_version_that_is_challenger_ends_its_challenge() -> None:
    aliases = {"champion": "3", "previous": "2", "challenger": "2"}

    assert after(aliases, rollback(aliases)) == {"champion": "2", "previous": "3"}


@pytest.mark.parametrize(
    "aliases",
    [{}, {"champion": "3"}, {"champion": "3", "previous": "3"}, {"challenger": "3"}],
)
def test_rollback_without_a_previous_version_is_refused_in_a_sentence(
    aliases: dict[str, str],
) -> None:
    with pytest.raises(RegistryError, match="There is no previous version to roll back") as refused:
        rollback(aliases)

    assert refused.value.next_command == "python run.py runs"


@pytest.mark.parametrize("made", [0, 1, 2])
def test_rollback_that_was_cut_off_can_be_asked_for_again(made: int) -> None:
    aliases = {"champion": "3", "previous": "2"}
    cut_off = after(aliases, rollback(aliases)[:made])
    if cut_off["champion"] != "2":
        cut_off = after(cut_off, rollback(cut_off))

    assert cut_off["champion"] == "2"


def test_nothing_is_outstanding_after_the_deciding_move() -> None:
    assert outstanding(PROMOTION, "this", [record(TO_CHAMPION)]) == []


@pytest.mark.parametrize("made", [0, 1, 2])
def test_series_that_was_cut_off_goes_on_where_it_stopped(made: int) -> None:
    records = [record(move) for move in PROMOTION[:made]]

    assert outstanding(PROMOTION, "this", records) == PROMOTION[made:]


def test_move_that_was_begun_and_not_confirmed_is_made_again() -> None:
    records = [record(NO_CHALLENGER), record(TO_PREVIOUS, done=False)]

    assert outstanding(PROMOTION, "this", records) == [TO_PREVIOUS, TO_CHAMPION]


def test_deciding_move_that_was_not_confirmed_is_made_again() -> None:
    assert outstanding([TO_CHAMPION], "this", [record(TO_CHAMPION, done=False)]) == [TO_CHAMPION]


def test_records_of_another_cause_finish_nothing() -> None:
    records = [record(move, cause="another") for move in PROMOTION]

    assert outstanding(PROMOTION, "this", records) == PROMOTION


def test_finished_cause_stays_finished_although_a_person_moved_the_aliases_since() -> None:
    by_hand = Move(alias=Alias.CHAMPION, version="1")
    records = [record(TO_CHAMPION), record(by_hand, cause="by hand")]

    assert outstanding(promotion("3", {"champion": "1"}), "this", records) == []


def test_resumed_promotion_reaches_the_same_aliases_wherever_it_was_cut_off() -> None:
    start = {"champion": "2", "challenger": "3"}
    planned = promotion("3", start)
    for made in range(len(planned)):
        now = after(start, planned[:made])
        records = [record(move) for move in planned[:made]]
        resumed = outstanding(promotion("3", now), "this", records)

        assert after(now, resumed) == {"champion": "3", "previous": "2"}, made


def test_record_of_a_move_that_was_begun_and_cut_off_is_found_again() -> None:
    open_one = record(TO_PREVIOUS, done=False)
    records = [record(NO_CHALLENGER), open_one]

    assert begun(TO_PREVIOUS, "this", records) == open_one
    assert begun(TO_CHAMPION, "this", records) is None


@pytest.mark.parametrize(
    "other",
    [record(TO_CHAMPION), record(TO_CHAMPION, cause="another", done=False)],
    ids=["done", "of another cause"],
)
def test_record_that_is_done_or_of_another_cause_was_not_begun(other: AuditRecord) -> None:
    assert begun(TO_CHAMPION, "this", [other]) is None


def test_records_are_named_by_time_and_alias_so_that_they_sort() -> None:
    first = record(TO_CHAMPION)
    later = first.model_copy(update={"at": datetime(2026, 11, 23, 9, 5, 7, 43, tzinfo=UTC)})

    assert first.key == "audit.20261123T090507.000042Z.champion"
    assert first.key < later.key
    assert AuditRecord.model_validate_json(first.model_dump_json()) == first
