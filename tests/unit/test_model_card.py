"""The model card says what a reader has to know before a model is used."""

import re

import pytest

from student_performance.model_card import model_card
from tests.unit.builders import gap, gender, group, report, version


def test_card_tells_purpose_scores_groups_and_decision() -> None:
    card = model_card(version("7"), report())

    assert card.startswith("# student_performance, version 7\n")
    for heading in (
        "What it is for", "How good it is", "Whom it treats how", "What it learnt from",
        "What to be careful with", "The gate's decision",
    ):  # fmt: skip
        assert f"\n## {heading}\n" in card
    assert "a person decides" in card
    assert report().scores["log_loss"].text() in card
    assert report().baseline["log_loss"].text() in card
    assert version("7").sha256 in card


def test_tables_of_the_card_are_tables() -> None:
    audits = (gender(gap(), groups=(group("Female"), group("a|b"))),)
    card = model_card(version("7"), report(fairness=audits))
    tables = re.findall(r"(?:^\|.*\|\n)+", card, re.MULTILINE)

    assert len(tables) == 2
    for table in tables:
        rows = [re.sub(r"\\\|", "", row) for row in table.splitlines()]
        assert len({row.count("|") for row in rows}) == 1, table
        assert set(rows[1]) <= set("|-:")


@pytest.mark.parametrize("groups", [(), (gender(),)])
def test_card_without_groups_says_so(groups: tuple[object, ...]) -> None:
    card = model_card(version("7"), report(fairness=groups))

    assert ("nothing is known about groups" in card) == (not groups)
