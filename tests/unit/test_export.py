"""The files of a report: small, rounded, and equal for equal trainings."""

import csv
import json
from pathlib import Path

from student_performance.export import export_report
from student_performance.promotion import ChampionComparison
from student_performance.records import Verdict
from tests.unit.builders import (
    ceiling,
    decision,
    estimate,
    gender,
    group,
    one_class_report,
    report,
    scores,
    setup,
    threshold,
    tracked,
    verdict,
)
from tests.unit.trainings import Training

NAMES = {
    "metrics.json", "roc.csv", "precision_recall.csv", "reliability.csv", "candidates.csv",
    "results.md",
}  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def judged_elsewhere() -> Verdict:
    """The same decision about the model itself, made in another store beside a champion."""
    champion = ChampionComparison(version="9", log_loss_gain=estimate(0.1, -0.1, 0.2))
    return verdict(
        version="10",
        decision=decision(champion=champion),
        model=tracked(run_id="other-run", model_id="other-model"),
        serves=False,
        judged_before=True,
    )


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text().splitlines()))


def test_equal_reports_give_equal_bytes_wherever_they_were_judged(tmp_path: Path) -> None:
    export_report(report(), verdict(), tmp_path / "a")
    export_report(report(), judged_elsewhere(), tmp_path / "b" / "deep")

    assert set(files(tmp_path / "a")) == NAMES
    assert files(tmp_path / "a") == files(tmp_path / "b" / "deep")


def test_export_replaces_the_files_of_an_earlier_one(tmp_path: Path) -> None:
    export_report(one_class_report(), verdict(), tmp_path / "again")
    export_report(report(), verdict(), tmp_path / "again")
    export_report(report(), verdict(), tmp_path / "once")

    assert files(tmp_path / "again") == files(tmp_path / "once")


def test_metrics_are_rounded_and_have_the_baseline_beside_them(tmp_path: Path) -> None:
    export_report(report(), verdict(), tmp_path)
    found = json.loads((tmp_path / "metrics.json").read_text())

    assert found["model"] == "logistic_regression"
    assert found["test_rows"] == 300
    assert found["test"]["accuracy"] == {"value": 0.7877, "low": 0.7777, "high": 0.7977}
    assert found["baseline"]["accuracy"]["value"] == 0.658
    assert list(found["test"]) == list(found["baseline"]) == list(scores(0.5, 0.5))
    assert "best_possible" not in found


def test_best_possible_is_told_only_where_it_is_known(tmp_path: Path) -> None:
    export_report(report(ceiling=ceiling()), verdict(), tmp_path / "known")
    export_report(report(), verdict(), tmp_path / "unknown")
    known, unknown = (
        (tmp_path / folder / "results.md").read_text() for folder in ("known", "unknown")
    )
    found = json.loads((tmp_path / "known" / "metrics.json").read_text())

    assert found["best_possible"]["accuracy"] == {"value": 0.791, "low": 0.781, "high": 0.801}
    assert "| known truth [95% interval] |" in known
    assert (
        "| accuracy | 0.788 [0.778, 0.798] | 0.658 [0.648, 0.668] | 0.791 [0.781, 0.801] |" in known
    )
    assert "known truth" not in unknown


def test_curves_are_tables_with_a_header(tmp_path: Path) -> None:
    export_report(report(), verdict(), tmp_path)

    assert rows(tmp_path / "roc.csv") == [
        ["false_positive_rate", "true_positive_rate"],
        ["0.0", "0.0"],
        ["0.1235", "0.7"],
        ["1.0", "1.0"],
    ]
    assert rows(tmp_path / "reliability.csv") == [
        ["predicted", "observed", "low", "high", "n"],
        ["0.15", "0.12", "0.08", "0.17", "200"],
        ["0.85", "0.9", "0.82", "0.95", "100"],
    ]
    assert rows(tmp_path / "precision_recall.csv") == [
        ["recall", "precision"], ["1.0", "0.342"], ["0.6", "0.7"], ["0.1235", "0.9"],
    ]  # fmt: skip
    assert rows(tmp_path / "candidates.csv") == [
        ["candidate", "log_loss", "accuracy"],
        ["majority", "0.64", "0.65"],
        ["logistic_regression", "0.45", "0.79"],
        ["tuned_forest", "0.72", "0.76"],
    ]
    assert b"\r" not in b"".join(files(tmp_path).values())


def test_markdown_shows_scores_candidates_and_the_own_checks_of_the_gate(tmp_path: Path) -> None:
    export_report(report(), verdict(), tmp_path)
    text = (tmp_path / "results.md").read_text(encoding="utf-8")

    assert text.startswith(
        "Hold-out of 300 rows, 34.2% at risk; `logistic_regression` chosen on 1,600 rows of other"
        " students.\n"
    )
    assert "| score | model [95% interval] | baseline [95% interval] |\n" in text
    assert "| accuracy | 0.788 [0.778, 0.798] | 0.658 [0.648, 0.668] |\n" in text
    assert "| majority | 0.640 [0.630, 0.650] | 0.650 [0.640, 0.660] | 0.500 [" in text
    assert "- passed: the hold-out has 300 rows, 300 are needed\n" in text
    assert "no champion yet" not in text
    assert text.endswith("\n")


def test_markdown_says_how_the_model_was_chosen_and_set_up(tmp_path: Path) -> None:
    before = setup(estimate(0.02, 0.01, 0.03), threshold=threshold(1 / 6, missed=5.0))
    export_report(report(setup=before), verdict(), tmp_path)

    assert (
        "Chosen: logistic_regression has the lowest log loss. The model is not calibrated: that"
        " would gain 0.0200 [0.0100, 0.0300] of log loss on 400 rows. A student is"
        " flagged from a risk of 0.167 on: missing a student costs 5, a false alarm 1.\n"
    ) in (tmp_path / "results.md").read_text(encoding="utf-8")


def test_markdown_shows_groups_but_no_small_ones(tmp_path: Path) -> None:
    groups = (group("Female", n=1_150, rate=0.63), group("other", n=None, rate=None))
    export_report(report(fairness=(gender(groups=groups),)), verdict(), tmp_path)
    text = (tmp_path / "results.md").read_text(encoding="utf-8")

    assert "| gender | students | flagged of those at risk | flagged of those who pass |" in text
    assert "| Female | 1,150 | 63.0% | 63.0% |" in text
    assert "| other |" not in text


def test_failed_check_is_said_to_have_failed(tmp_path: Path) -> None:
    small = report(n_test=299)
    export_report(small, verdict(version=None, decision=decision(small)), tmp_path)

    assert "- failed: the hold-out has 299 rows, 300 are needed\n" in (
        (tmp_path / "results.md").read_text(encoding="utf-8")
    )


def test_scores_that_do_not_exist_are_left_out_or_a_dash(tmp_path: Path) -> None:
    export_report(one_class_report(), verdict(), tmp_path / "none")
    export_report(report(baseline=one_class_report().baseline), verdict(), tmp_path / "model only")

    assert "ROC AUC |" not in (tmp_path / "none" / "results.md").read_text().split("candidate")[0]
    assert rows(tmp_path / "none" / "roc.csv") == [["false_positive_rate", "true_positive_rate"]]
    assert "| ROC AUC | 0.850 [0.840, 0.860] | – |" in (
        (tmp_path / "model only" / "results.md").read_text(encoding="utf-8")
    )


def test_no_file_of_a_real_training_names_a_student(training: Training, tmp_path: Path) -> None:
    export_report(training.report, verdict(decision=decision(training.report)), tmp_path)
    text = b"".join(files(tmp_path).values()).decode()

    assert not any(name in text for name in training.test["student_id"])
    assert not any(name in text for name in training.train["student_id"])
    assert not any(name in text for name in training.validation["student_id"])
