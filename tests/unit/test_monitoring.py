"""New students beside those that a model learnt from: verdicts, and what they rest on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from prometheus_client.parser import text_string_to_metric_families

from student_performance.config_files import load_configs
from student_performance.contract import DatasetConfig
from student_performance.exposition import write_metrics
from student_performance.html import monitor_page
from student_performance.monitor_figures import draw_monitor
from student_performance.monitor_report import MonitorReport
from student_performance.monitoring import monitor
from student_performance.predictor import Predictor
from student_performance.reading import rows as reading
from student_performance.simulate import simulate
from student_performance.world import World
from tests.unit.builders import version
from tests.unit.trainings import Training

CONFIGS = Path(__file__).parents[2] / "configs"
PREFIX = "student_performance_monitor_"
Watch = Callable[..., MonitorReport]


@pytest.fixture
def watched(training: Training, dataset: DatasetConfig, tmp_path: Path) -> Watch:
    predictor = Predictor(version(), dataset, training.model, training.setup.reference)
    config, _ = load_configs(CONFIGS, "student_performance", ("intervals.resamples=100",))

    def watch(
        table: pd.DataFrame, labels: pd.DataFrame | None = None, release: Training = training
    ) -> MonitorReport:
        path, results = tmp_path / "new.csv", tmp_path / "results.csv"
        table.drop(columns="test_score").to_csv(path, index=False)
        if labels is not None:
            labels.to_csv(results, index=False)
        given = str(results) if labels is not None else None
        return monitor(str(path), given, predictor, release.report, config)

    return watch


def test_the_same_kind_of_students_is_ok(watched: Watch) -> None:
    table = simulate(600, seed=31)
    report = watched(table, table)

    assert report.level == "ok", report.findings()
    assert (report.rows, report.scored, report.findings()) == (600, 600, ())
    assert report.outcomes.labels.used == 600
    assert report.outcomes.observed == pytest.approx((table["test_score"] < 60).mean())
    assert "Nothing to do" in report.advice()


def test_the_feature_that_moved_is_named(watched: Watch) -> None:
    report = watched(simulate(600, seed=32, world=World(hours_median=5)))

    assert report.level == "drift"
    assert [one.feature for one in report.drifted()] == ["hours_studied"]
    assert any("hours_studied" in finding for finding in report.findings())
    assert "--labels" in report.advice()


def test_a_harder_exam_is_seen_by_outcomes_only(watched: Watch) -> None:
    table = simulate(600, seed=33, world=World(base=4.5))

    assert watched(table).level == "ok"
    report = watched(table, table)
    assert report.level == "drift"
    assert {one.level for one in report.features} == {"ok"}
    assert report.outcomes.calibration.level == "drift"
    assert report.outcomes.calibration.low > 0
    assert "retrain" in report.advice()


def test_rows_that_break_the_contract_are_counted_by_column(watched: Watch) -> None:
    table = simulate(300, seed=34)
    table["attendance_percent"] = table["attendance_percent"].astype(object)
    table.loc[:40, "attendance_percent"] = None
    table.loc[50:51, "hours_studied"] = 500
    report = watched(table)

    assert (report.rows, report.rejected, report.scored) == (300, 43, 257)
    assert [(one.column, one.rows) for one in report.broken] == [
        ("attendance_percent", 41), ("hours_studied", 2)
    ]  # fmt: skip
    assert report.broken_level == "drift"
    assert "Mend the table first" in report.advice()


def test_a_row_with_two_faults_is_one_row(watched: Watch) -> None:
    table = simulate(300, seed=43)
    table.loc[7, ["hours_studied", "attendance_percent"]] = 500
    report = watched(table)

    assert (report.rejected, report.scored) == (1, 299)
    assert sum(one.rows for one in report.broken) == 2


def test_a_model_that_was_off_on_its_hold_out_is_not_blamed_for_it_again(
    watched: Watch, training: Training
) -> None:
    table, known = simulate(600, seed=44), training.report
    found = watched(table, table).outcomes
    shifted = known.model_copy(update={"prevalence": known.prevalence + 0.1})
    again = watched(table, table, replace(training, report=shifted)).outcomes

    assert found is not None
    assert again is not None
    assert again.calibration.value == pytest.approx(found.calibration.value - 0.1)


def test_one_bad_row_is_a_warning(watched: Watch) -> None:
    table = simulate(300, seed=35)
    table.loc[0, "hours_studied"] = 500

    assert watched(table).broken_level == "warn"


@pytest.mark.parametrize("rows", [0, 1, 29])
def test_too_few_students_are_no_data(rows: int, watched: Watch) -> None:
    table = simulate(40, seed=36)[:rows]
    report = watched(table, simulate(40, seed=36))

    assert report.level == "no_data"
    assert "wait" in report.advice()
    assert report.mean_risk is None or rows
    assert monitor_page(report)


def test_a_table_where_no_row_is_right_is_drift_not_silence(watched: Watch) -> None:
    report = watched(simulate(100, seed=37).assign(hours_studied=900))

    assert (report.scored, report.level) == (0, "drift")
    assert "No row could be scored" in monitor_page(report)


@pytest.mark.parametrize("rows_at_once", [7, 100])
def test_chunks_change_nothing(
    rows_at_once: int, watched: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = simulate(210, seed=38)
    whole = watched(table, table)
    monkeypatch.setattr(reading, "_CHUNK_ROWS", rows_at_once)
    again = watched(table, table)
    changing = {"at", "mean_risk", "outcomes"}

    assert again.model_dump(exclude=changing) == whole.model_dump(exclude=changing)
    assert again.mean_risk == pytest.approx(whole.mean_risk)
    assert again.outcomes.scores["roc_auc"].value == pytest.approx(
        whole.outcomes.scores["roc_auc"].value
    )


def test_a_version_of_an_earlier_release_can_still_be_watched(
    watched: Watch, training: Training
) -> None:
    old = replace(training, report=training.report.model_copy(update={"risks": None}))
    table = simulate(300, seed=39)
    report = watched(table, table, old)

    assert report.risk is None
    assert report.risk_before is None
    assert report.level in ("ok", "warn")


def test_groups_are_audited_where_the_outcomes_name_them(watched: Watch) -> None:
    table = simulate(900, seed=40)
    outcomes = watched(table, table[["student_id", "gender", "test_score"]]).outcomes

    assert [audit.attribute for audit in outcomes.fairness] == ["gender"]
    assert not watched(table, table[["student_id", "test_score"]]).outcomes.fairness


def _own_label(labels: dict[str, str]) -> str:
    assert (labels.pop("dataset"), labels.pop("version")) == ("student_performance", "7")
    return "".join(labels.values())


def test_page_figures_and_metrics_say_the_same(watched: Watch, tmp_path: Path) -> None:
    table = simulate(400, seed=41, world=World(hours_median=5))
    report = watched(table, table)
    page = monitor_page(report)

    assert all(png.startswith(b"\x89PNG") for png in draw_monitor(report).values())
    assert set(draw_monitor(report)) == {"drift", "scores"}
    assert all(f"{one.psi:.3f}" in page for one in report.features)
    assert "S000" not in page
    path = tmp_path / "students.prom"
    write_metrics(report, path)
    samples = {
        (
            sample.name.removeprefix("student_performance_monitor_"),
            _own_label(sample.labels),
        ): sample
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
    }
    hours = samples["psi", "hours_studied"].value
    assert hours == pytest.approx(report.features[0].psi - report.features[0].expected)
    verdicts = {key[-1]: one.value for key, one in samples.items() if key[0] == "level"}
    assert verdicts == {"no_data": 0, "ok": 0, "warn": 0, "drift": 1}
    assert samples["score", "accuracy"].value == pytest.approx(
        report.outcomes.scores["accuracy"].value
    )


def test_rows_that_are_all_alike_prove_no_more_than_their_number(watched: Watch) -> None:
    table = simulate(400, seed=42)
    lucky = table.assign(test_score=np.where(table["test_score"] < 60, 0.0, 100.0))[:30]
    found = watched(table, lucky).outcomes

    assert found is not None
    assert found.accuracy.low < found.accuracy.high
