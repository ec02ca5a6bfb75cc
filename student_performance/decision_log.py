"""The log of experiments: starts, ends, decisions and outcomes; rows are only added."""

import getpass
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from student_performance.dataset import AT_RISK
from student_performance.errors import UnreachableError, UsageError
from student_performance.experiment import (
    Decision,
    Ending,
    Experiment,
    ExperimentPolicy,
    ExperimentRecord,
)
from student_performance.settings import home

URL_VARIABLE = "STUDENT_PERFORMANCE_DECISIONS"
_TABLES = sa.MetaData()
_EVENTS = sa.Table(
    "experiment_events", _TABLES,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("dataset", sa.String(200), nullable=False, index=True),
    sa.Column("experiment", sa.String(32), nullable=False),
    sa.Column("event", sa.String(8), nullable=False),
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
)  # fmt: skip
_DECISIONS = sa.Table(
    "decisions", _TABLES,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("experiment", sa.String(32), nullable=False, index=True),
    sa.Column("student", sa.String(20), nullable=False),
    sa.Column("arm", sa.String(10), nullable=False),
    sa.Column("version", sa.String(20), nullable=False),
    sa.Column("risk", sa.Double, nullable=False),
    sa.Column("flagged", sa.Boolean, nullable=False),
    sa.Column("shadow_risk", sa.Double),
)  # fmt: skip
_OUTCOMES = sa.Table(
    "outcomes", _TABLES,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("experiment", sa.String(32), nullable=False, index=True),
    sa.Column("student", sa.String(20), nullable=False),
    sa.Column(AT_RISK, sa.SmallInteger, nullable=False),
)  # fmt: skip
_APPEND_ONLY = """CREATE TRIGGER IF NOT EXISTS {table}_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'rows of this log are only added'); END"""


class DecisionLog:
    """The log at an address; the tables are made when they are first needed."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url or os.environ.get(URL_VARIABLE) or _local_url()

    def current(self, dataset: str) -> Experiment | None:
        """The experiment that runs now, if one does."""
        with self._transaction() as connection:
            return _current(connection, dataset)

    def history(self, dataset: str) -> list[ExperimentRecord]:
        """All experiments of a model, newest first."""
        query = sa.select(_EVENTS).where(_EVENTS.c.dataset == dataset).order_by(_EVENTS.c.id)
        with self._transaction() as connection:
            events = connection.execute(query).all()
        endings = {
            event.experiment: Ending(at=event.at, by=event.by, reason=event.document)
            for event in events
            if event.event == "stop"
        }
        started = [event for event in events if event.event == "start"]
        return [
            ExperimentRecord(
                experiment=Experiment.model_validate_json(event.document),
                ending=endings.get(event.experiment),
            )
            for event in reversed(started)
        ]

    def start(
        self, dataset: str, champion: str, challenger: str, policy: ExperimentPolicy
    ) -> Experiment:
        """Start an experiment.

        Raises:
            UsageError: One runs already.
        """
        experiment = Experiment(
            id=uuid.uuid4().hex, dataset=dataset, champion=champion, challenger=challenger,
            policy=policy, started=datetime.now(UTC), by=getpass.getuser(),
        )  # fmt: skip
        with self._transaction() as connection:
            running = _current(connection, dataset)
            if running is not None:
                raise UsageError(
                    f"Experiment {running.id[:8]} of {dataset} runs since"
                    f" {running.started:%Y-%m-%d %H:%M} UTC; one at a time.",
                    f'python run.py experiment stop --dataset {dataset} --reason "..."',
                )
            _note(connection, experiment, "start", experiment.model_dump_json())
        return experiment

    def stop(self, dataset: str, reason: str) -> Experiment:
        """Stop the experiment that runs: no decision is logged for it any more.

        Raises:
            UsageError: None runs.
        """
        with self._transaction() as connection:
            running = _current(connection, dataset)
            if running is None:
                raise UsageError(
                    f"No experiment of {dataset} runs.",
                    f"python run.py experiment start --dataset {dataset}",
                )
            _note(connection, running, "stop", reason)
        return running

    def record(self, experiment: Experiment, decisions: Sequence[Decision]) -> bool:
        """Add decisions, all or none; when this returns, a killed process does not lose them.

        Returns:
            False, and nothing is added, if the experiment was stopped meanwhile.
        """
        with self._transaction() as connection:
            running = _current(connection, experiment.dataset)
            if running is None or running.id != experiment.id:
                return False
            about = {"at": datetime.now(UTC).isoformat(), "experiment": experiment.id}
            rows = [about | decision.model_dump() for decision in decisions]
            connection.execute(sa.insert(_DECISIONS), rows)
        return True

    def decisions(self, experiment: Experiment) -> pd.DataFrame:
        """`at` and the fields of `Decision`, in the order in which they were added."""
        return self._rows(_DECISIONS, experiment, ["at", *Decision.model_fields])

    def keep_outcomes(self, experiment: Experiment, outcomes: pd.DataFrame) -> int:
        """Add what came true of students in the experiment; what is known already is not repeated.

        Args:
            experiment: The experiment.
            outcomes: `student` (the pseudonym) and `at_risk`, each student once.

        Returns:
            How many were added: they are new, or correct an outcome that was added before.
        """
        known = self.outcomes(experiment).set_index("student")[AT_RISK]
        asked = outcomes[outcomes["student"].isin(self.decisions(experiment)["student"])]
        new = asked[asked["student"].map(known) != asked[AT_RISK]]
        about = {"at": datetime.now(UTC).isoformat(), "experiment": experiment.id}
        rows = [
            about | {"student": str(student), AT_RISK: int(outcome)}
            for student, outcome in zip(new["student"], new[AT_RISK], strict=True)
        ]
        if rows:
            with self._transaction() as connection:
                connection.execute(sa.insert(_OUTCOMES), rows)
        return len(rows)

    def outcomes(self, experiment: Experiment) -> pd.DataFrame:
        """`student` and `at_risk`: the last that was told of each student."""
        rows = self._rows(_OUTCOMES, experiment, ["student", AT_RISK])
        return rows.drop_duplicates("student", keep="last").astype({AT_RISK: "int8"})

    def _rows(self, table: sa.Table, experiment: Experiment, names: list[str]) -> pd.DataFrame:
        query = sa.select(*(table.c[name] for name in names))
        query = query.where(table.c.experiment == experiment.id).order_by(table.c.id)
        with self._transaction() as connection:
            return pd.DataFrame(connection.execute(query).all(), columns=names)

    @cached_property
    def _engine(self) -> sa.Engine:
        engine = sa.create_engine(self._url, pool_pre_ping=True)
        if engine.dialect.name == "sqlite":
            if engine.url.database:
                Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
            sa.event.listen(engine, "connect", _prepare_sqlite)
            sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
        with engine.begin() as connection:
            _TABLES.create_all(connection)
            if engine.dialect.name == "sqlite":
                for table in _TABLES.tables:
                    for verb in ("UPDATE", "DELETE"):
                        connection.exec_driver_sql(_APPEND_ONLY.format(table=table, verb=verb))
        return engine

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            self.__dict__.pop("_engine", None)  # the next one begins anew
            raise UnreachableError(
                f"The log of decisions does not answer ({type(error).__name__}).",
                "python run.py doctor",
            ) from error


def _current(connection: sa.Connection, dataset: str) -> Experiment | None:
    query = (
        sa.select(_EVENTS.c.event, _EVENTS.c.document)
        .where(_EVENTS.c.dataset == dataset)
        .order_by(_EVENTS.c.id.desc())  # not by time: a clock may be moved back
        .limit(1)
    )
    found = connection.execute(query).first()
    if found is None or found.event == "stop":
        return None
    return Experiment.model_validate_json(found.document)


def _note(connection: sa.Connection, experiment: Experiment, event: str, document: str) -> None:
    values = {
        "at": datetime.now(UTC).isoformat(), "dataset": experiment.dataset,
        "experiment": experiment.id, "event": event, "by": getpass.getuser(),
        "document": document,
    }  # fmt: skip
    connection.execute(sa.insert(_EVENTS), values)


def _prepare_sqlite(connection: object, _: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # BEGIN is ours
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()


def _local_url() -> str:
    return f"sqlite:///{(home() / 'decisions.db').as_posix()}"
