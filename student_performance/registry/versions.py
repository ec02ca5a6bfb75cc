"""The model registry: versions, the aliases that say which one serves, and their audit."""

import uuid
from datetime import UTC, datetime
from typing import Any

from mlflow.entities.model_registry import RegisteredModel
from mlflow.exceptions import MlflowException

from student_performance import model_files
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
from student_performance.contract import DatasetConfig
from student_performance.errors import RegistryError
from student_performance.evaluation import EvaluationReport
from student_performance.promotion import Decision
from student_performance.records import Judgement, TrackedModel, Version
from student_performance.registry.store import Store, already_exists, is_missing
from student_performance.registry.tracking import MODEL_FILE
from student_performance.registry.version_tags import JUDGEMENT, read_version, tags_of
from student_performance.settings import actor


class Registry:
    """The versions of a store. It alone says which one serves."""

    def __init__(self, store: Store, by: str | None = None) -> None:
        self._store = store
        self._client = store.client
        self._by = by  # who moves aliases, where it is not the user of this process

    def check(self, tracked: TrackedModel) -> None:
        """Make sure that a logged model and its run are there before a version points to them.

        Raises:
            RegistryError: They were deleted or changed since; a cached step does not notice.
        """
        try:
            run = self._client.get_run(tracked.run_id)
            logged = self._client.get_logged_model(tracked.model_id)
            data = self._store.read(f"{logged.artifact_location}/{MODEL_FILE}")
        except (MlflowException, OSError) as error:
            raise _gone(tracked, str(error)) from error
        if run.info.lifecycle_stage != "active":
            raise _gone(tracked, "the run was deleted")
        if model_files.digest(data) != tracked.sha256:
            raise _gone(tracked, "the model file was changed")

    def open_judgement(self, version: Version, key: str) -> Judgement | None:
        """The last judgement of a version, if it holds: same key, and finished or still to finish.

        One that was cut off is to be finished only if the same version serves as it was made
        against; else it says nothing about the champion of now.
        """
        judgement = version.judgement
        if judgement.key != key:
            return None
        if self.is_finished(version.name, judgement):
            return judgement
        against = judgement.decision.champion
        champion = self.aliases(version.name).get(Alias.CHAMPION)
        same = champion in (against.version if against else None, version.number)
        return judgement if same else None

    def is_finished(self, name: str, judgement: Judgement) -> bool:
        """Whether every alias move of a judgement was made."""
        if not judgement.decision.registered:
            return True
        last = Alias.CHAMPION if judgement.decision.promote else Alias.CHALLENGER
        return any(
            record.done and (record.cause, record.alias) == (judgement.cause, last)
            for record in self.audit(name)
        )

    def carry_out(
        self,
        tracked: TrackedModel,
        judgement: Judgement,
        dataset: DatasetConfig,
        report: EvaluationReport,
    ) -> str | None:
        """Make a judged model a version and move the aliases as decided.

        Safe to repeat: a logged model becomes one version, with all of its tags at once, and a
        cut-off series of alias moves is finished.

        Args:
            tracked: The logged model.
            judgement: What was decided about it.
            dataset: Its name is the name of the registered model.
            report: Its evaluation, with the division whose hold-out it has not seen.

        Returns:
            The number of the version; None if the model failed on its own and never was one.
        """
        name, decision = dataset.name, judgement.decision
        version = self.version_of(name, tracked)
        if version is None and not decision.registered:
            return None
        tags = tags_of(tracked, judgement, dataset, report)
        if version is None:
            version = self._create(name, tracked, decision, tags)
        elif version.judgement != judgement:
            for key, value in tags.items():
                self._client.set_model_version_tag(name, version.number, key, value)
        if decision.registered:
            moves = moves_for(decision, version.number, self.aliases(name))
            self._move(name, moves, judgement.cause, f"gate: {decision.summary()}")
        return version.number

    def promote(self, name: str, number: str, reason: str) -> list[AuditRecord]:
        """Let a version serve because a person says so; its file is checked first."""
        self.load(self.version(name, number))
        return self._move(name, promotion(number, self.aliases(name)), uuid.uuid4().hex, reason)

    def rollback(self, name: str, reason: str) -> list[AuditRecord]:
        """Let the previous version serve again; its file is checked first."""
        moves = rollback(self.aliases(name))
        self.load(self.version(name, str(moves[0].version)))
        return self._move(name, moves, uuid.uuid4().hex, reason)

    def aliases(self, name: str) -> dict[str, str]:
        """Version numbers by alias; empty if nothing is registered."""
        model = self._registered(name)
        return {str(k): str(v) for k, v in model.aliases.items()} if model else {}

    def audit(self, name: str) -> list[AuditRecord]:
        """Every alias move, oldest first."""
        model = self._registered(name)
        tags = model.tags if model else {}
        keys = sorted(key for key in tags if key.startswith("audit."))
        return [AuditRecord.model_validate_json(tags[key]) for key in keys]

    def champion(self, name: str) -> Version | None:
        """The version that serves; None if none does."""
        number = self.aliases(name).get(Alias.CHAMPION)
        return self.version(name, number) if number else None

    def version(self, name: str, number: str) -> Version:
        """One version.

        Raises:
            RegistryError: There is no such version.
        """
        for version in self.versions(name):
            if version.number == number:
                return version
        known = ", ".join(version.number for version in self.versions(name)) or "none yet"
        raise RegistryError(
            f"The model {name} has no version {number}; versions: {known}.", "python run.py runs"
        )

    def versions(self, name: str) -> list[Version]:
        """All versions, newest first."""
        aliases = self.aliases(name)
        found = self._client.search_model_versions(f"name='{name}'", max_results=10_000)
        ordered = sorted(found, key=lambda version: int(version.version), reverse=True)
        # A version that someone registered by hand has no judgement and is not ours to move.
        return [read_version(version, aliases) for version in ordered if JUDGEMENT in version.tags]

    def version_of(self, name: str, tracked: TrackedModel) -> Version | None:
        """The version made from a logged model, if there is one."""
        same = [v for v in self.versions(name) if v.model_id == tracked.model_id]
        return same[0] if same else None

    def load(self, version: Version) -> Any:
        """The model behind a version, checked against its recorded SHA-256.

        Raises:
            RegistryError: The file is gone, was changed, or holds types that are not trusted.
        """
        return model_files.load(self.file(version), version.sha256)

    def file(self, version: Version) -> bytes:
        """The file of the model behind a version, as it is.

        Raises:
            RegistryError: It is gone.
        """
        try:
            return self._store.read(f"{version.source}/{MODEL_FILE}")
        except (MlflowException, OSError) as error:
            raise RegistryError(
                f"The model file of {version.name} version {version.number} is gone: {error}",
                "python run.py runs",
            ) from error

    def _create(
        self, name: str, tracked: TrackedModel, decision: Decision, tags: dict[str, str]
    ) -> Version:
        if self._registered(name) is None:
            try:
                self._client.create_registered_model(name)
            except MlflowException as error:
                if not already_exists(error):
                    raise
        logged = self._client.get_logged_model(tracked.model_id)
        made = self._client.create_model_version(
            name,
            source=logged.artifact_location,
            run_id=tracked.run_id,
            tags=tags,
            description=decision.summary(),
            model_id=tracked.model_id,
        )
        return read_version(made, {})

    def _move(self, name: str, moves: list[Move], cause: str, reason: str) -> list[AuditRecord]:
        """Make moves one after the other, each recorded before and confirmed after."""
        audit, records = self.audit(name), []
        for move in outstanding(moves, cause, audit):
            record = begun(move, cause, audit) or self._new_record(name, move, cause, reason)
            self._write(name, record)
            if move.version is None:
                self._client.delete_registered_model_alias(name, move.alias)
            else:
                self._client.set_registered_model_alias(name, move.alias, move.version)
            records.append(record.model_copy(update={"done": True}))
            self._write(name, records[-1])
        return records

    def _new_record(self, name: str, move: Move, cause: str, reason: str) -> AuditRecord:
        before = self.aliases(name).get(move.alias)
        concerned = move.version or before
        return AuditRecord(
            at=following(datetime.now(UTC), self.audit(name)),
            actor=self._by or actor(),
            cause=cause,
            alias=move.alias,
            from_version=before,
            to_version=move.version,
            reason=reason,
            evidence=self.version(name, concerned).run_id if concerned else "",
            done=False,
        )

    def _write(self, name: str, record: AuditRecord) -> None:
        self._client.set_registered_model_tag(name, record.key, record.model_dump_json())

    def _registered(self, name: str) -> RegisteredModel | None:
        try:
            return self._client.get_registered_model(name)
        except MlflowException as error:
            if is_missing(error):
                return None
            raise


def _gone(tracked: TrackedModel, why: str) -> RegistryError:
    return RegistryError(
        f"The model of MLflow run {tracked.run_id} cannot be registered: {why}.",
        "python run.py train --no-cache",
    )
