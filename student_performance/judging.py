"""Puts a tracked model before the gate, beside the champion, and registers what comes out."""

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from student_performance.config import TrainConfig
from student_performance.contract import ROW_NUMBER, DatasetConfig
from student_performance.dataset import AT_RISK, features_of
from student_performance.evaluation import EvaluationReport
from student_performance.metrics import log_losses, paired_gain
from student_performance.models import risk
from student_performance.promotion import ChampionComparison, decide
from student_performance.records import Judgement, TrackedModel, Verdict, Version
from student_performance.registry import Registry, Store, Tracker
from student_performance.resampling import repeated_students
from student_performance.run_record import question
from student_performance.splitting import unseen


@dataclass(frozen=True)
class Candidate:
    """A fitted model with what is known about it.

    Attributes:
        model: The fitted pipeline.
        tracked: The same model in the tracker.
        report: Its evaluation.
        test: The hold-out of that evaluation.
    """

    model: Any
    tracked: TrackedModel
    report: EvaluationReport
    test: pd.DataFrame


def judge(
    candidate: Candidate, dataset: DatasetConfig, config: TrainConfig, store: Store
) -> Verdict:
    """Decide about a candidate and carry the decision out. Safe to repeat, also after a kill.

    Args:
        candidate: The model to judge.
        dataset: The contract; its name is that of the registered model.
        config: Split, intervals and the gate's policy.
        store: Where the champion is and where versions are made.

    Returns:
        The decision and the version. A model that the same policy judged before keeps that
        decision, whatever happened to the aliases since.
    """
    registry, tracked, name = Registry(store), candidate.tracked, dataset.name
    key = _key(tracked, config)
    with store.exclusive():  # the champion that is judged against is the one that is replaced
        registry.check(tracked)
        known = registry.version_of(name, tracked)
        judgement = registry.open_judgement(known, key) if known else None
        judged_before = judgement is not None and registry.is_finished(name, judgement)
        if judgement is None:
            champion = registry.champion(name)
            beside = _beside(champion, candidate, dataset, config, registry) if champion else None
            decision = decide(candidate.report, beside, config.gate)
            judgement = Judgement(key=key, cause=uuid.uuid4().hex, decision=decision)
        version = registry.carry_out(tracked, judgement, dataset, candidate.report)
        serves = version is not None and registry.aliases(name).get("champion") == version
    tracker = Tracker(store)
    tracker.record_decision(tracked.run_id, judgement.decision)
    return Verdict(
        decision=judgement.decision,
        model=tracked,
        version=version,
        serves=serves,
        looks=tracker.looks(name, tracked.holdout),
        judged_before=judged_before,
    )


def _beside(
    champion: Version,
    candidate: Candidate,
    dataset: DatasetConfig,
    config: TrainConfig,
    registry: Registry,
) -> ChampionComparison:
    """Score champion and candidate on the rows of the hold-out that neither was trained on."""
    number = champion.number
    if champion.model_id == candidate.tracked.model_id:
        return ChampionComparison(version=number, same_model=True)
    if champion.question != question(dataset):
        return ChampionComparison(
            version=number, obstacle="it answers another question or from other columns"
        )
    if dataset.id_column == ROW_NUMBER and champion.data_md5 != candidate.tracked.data_md5:
        return ChampionComparison(
            version=number, obstacle="the table names no student, so its rows cannot be recognised"
        )
    division = candidate.report.division
    common = candidate.test[unseen(candidate.test, dataset, division, champion.division)]
    if len(common) < config.gate.min_test_rows:
        obstacle = (
            f"only {len(common):,} rows were used to train neither of the two,"
            f" {config.gate.min_test_rows:,} are needed"
        )
        return ChampionComparison(version=number, obstacle=obstacle)
    y, features = common[AT_RISK].to_numpy(copy=True), features_of(common, dataset)
    ours = log_losses(y, risk(candidate.model, features))
    theirs = log_losses(y, risk(registry.load(champion), features))
    if np.array_equal(ours, theirs):
        same = candidate.report.setup.threshold.value == champion.threshold.value
        obstacle = "it gives the same risks" + ("" if same else ", and only the threshold differs")
        return ChampionComparison(version=number, obstacle=obstacle)
    students = repeated_students(common[dataset.id_column])
    gain = paired_gain(ours, theirs, config.intervals, students)
    return ChampionComparison(version=number, log_loss_gain=gain)


def _key(tracked: TrackedModel, config: TrainConfig) -> str:
    """The same model, split and policy give the same key."""
    parts = (tracked.model_id, config.split.model_dump_json(), config.gate.model_dump_json())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
