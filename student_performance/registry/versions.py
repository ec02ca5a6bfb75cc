"""The model registry: versions, the aliases that say which one serves, and their audit."""

import getpass
import os
import uuid
from datetime import UTC, datetime
from typing import Any

from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException

from student_performance import model_files
from student_performance.audit import (
    Alias,
    AuditRecord,
    Move,
    begun,
    moves_for,
    outstanding,
    promotion,
    rollback,
)
from student_performance.config import DatasetConfig, SplitConfig
from student_performance.errors import RegistryError
from student_performance.promotion import Decision
from student_performance.records import TrackedModel, Version
from student_performance.registry.store import Store, is_missing
from student_performance.registry.tracking import MODEL_FILE
from student_performance.run_record import question


class Registry:
    """The versions of a store. It alone says which one serves."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._client = store.client

    def register(
        self,
        tracked: TrackedModel,
        decision: Decision,
        dataset: DatasetConfig,
        split: SplitConfig,
        cause: str,
    ) -> Version:
        """Make a judged model a version and move the aliases as decided.

        Safe to repeat: a logged model becomes one version, with all of its tags at once, and a
        cut-off series of alias moves is finished.

        Args:
            tracked: The logged model.
            decision: The gate's decision, in which `registered` is true.
            dataset: Its name is the name of the registered model.
            split: The split whose hold-out the model has not seen.
            cause: Identifies the decision; a repeated call has the same.
        """
        name = dataset.name
        tags = _tags(tracked, decision, dataset, split, cause)
        version = self.version_of(name, tracked)
        if version is None:
            version = self._create(name, tracked, decision, tags)
        elif version.cause != cause:
            for key, value in tags.items():
                self._client.set_model_version_tag(name, version.number, key, value)
        moves = moves_for(decision, version.number, self.aliases(name))
        self._move(name, moves, cause, f"gate: {decision.summary()}")
        return self.version(name, version.number)

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
        return [_version(version, aliases) for version in ordered]

    def version_of(self, name: str, tracked: TrackedModel) -> Version | None:
        """The version made from a logged model, if there is one."""
        same = [v for v in self.versions(name) if v.model_id == tracked.model_id]
        return same[0] if same else None

    def load(self, version: Version) -> Any:
        """The model behind a version, checked against its recorded SHA-256.

        Raises:
            RegistryError: The file is gone, was changed, or holds types that are not trusted.
        """
        try:
            data = self._store.read(f"{version.source}/{MODEL_FILE}")
        except (MlflowException, OSError) as error:
            raise RegistryError(
                f"The model file of {version.name} version {version.number} is gone: {error}",
                "python run.py runs",
            ) from error
        return model_files.load(data, version.sha256)

    def _create(
        self, name: str, tracked: TrackedModel, decision: Decision, tags: dict[str, str]
    ) -> Version:
        if self._registered(name) is None:
            self._client.create_registered_model(name)
        logged = self._client.get_logged_model(tracked.model_id)
        made = self._client.create_model_version(
            name,
            source=logged.artifact_location,
            run_id=tracked.run_id,
            tags=tags,
            description=decision.summary(),
            model_id=tracked.model_id,
        )
        return _version(made, {})

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
            at=datetime.now(UTC),
            actor=os.environ.get("STUDENT_PERFORMANCE_ACTOR") or getpass.getuser(),
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


def _tags(
    tracked: TrackedModel,
    decision: Decision,
    dataset: DatasetConfig,
    split: SplitConfig,
    cause: str,
) -> dict[str, str]:
    return {
        "model_id": tracked.model_id,  # MLflow's SQL registry does not give back its own
        "sha256": tracked.sha256,
        "question": question(dataset),
        "split": split.model_dump_json(),
        "candidate": tracked.candidate,
        "decision": decision.outcome,
        "decision.summary": decision.summary(),
        "decision.json": decision.model_dump_json(),
        "decision.cause": cause,
    }


def _version(found: ModelVersion, aliases: dict[str, str]) -> Version:
    number, tags = str(found.version), found.tags
    return Version(
        name=found.name,
        number=number,
        aliases=tuple(alias for alias, target in aliases.items() if target == number),
        created=datetime.fromtimestamp(found.creation_timestamp / 1000, UTC),
        model_id=tags["model_id"],
        run_id=found.run_id,
        source=found.source,
        sha256=tags["sha256"],
        question=tags["question"],
        split=SplitConfig.model_validate_json(tags["split"]),
        candidate=tags["candidate"],
        decision=Decision.model_validate_json(tags["decision.json"]),
        cause=tags["decision.cause"],
    )
