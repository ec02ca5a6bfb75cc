"""What passes between the pipeline, the registry and whoever reads it."""

from datetime import datetime

from student_performance.contract import DatasetConfig
from student_performance.metrics import Estimate
from student_performance.promotion import Decision
from student_performance.splitting import Division
from student_performance.strict import Strict
from student_performance.tuning import Threshold


class Provenance(Strict):
    """Where a training came from.

    Attributes:
        data_md5: MD5 of the raw file, as DVC records it.
        git_commit: Commit of the code, `-dirty` where it was changed.
        zenml_run_id: The ZenML run that computed it.
        code_sha256: Digest of the sources and libraries.
    """

    data_md5: str
    git_commit: str
    zenml_run_id: str
    code_sha256: str


class TrackedModel(Strict):
    """A model in the experiment tracker, not yet a version.

    Attributes:
        model_id: MLflow's identifier of the logged model.
        run_id: The MLflow run of the training.
        sha256: Checksum of the model file.
        candidate: Name of the chosen candidate.
        holdout: Identifies the rule of the hold-out that it was judged on.
        data_md5: MD5 of the table it was learnt from.
    """

    model_id: str
    run_id: str
    sha256: str
    candidate: str
    holdout: str
    data_md5: str


class Judgement(Strict):
    """One decision about a version, kept with it as a whole.

    Attributes:
        key: The same model, split and policy have the same key.
        cause: Identifies this decision and the alias moves that follow from it.
        decision: The decision.
    """

    key: str
    cause: str
    decision: Decision


class Version(Strict):
    """A registered version.

    Attributes:
        name: Registered model.
        number: Version number, as MLflow writes it.
        aliases: The aliases that point here.
        created: When it was registered, in UTC.
        model_id: The logged model behind it.
        run_id: The MLflow run of the training.
        source: Where the model's files are.
        sha256: Checksum that the model file must have.
        question: What it answers and from what.
        division: The division whose hold-out it has not seen.
        threshold: From which risk on it flags a student.
        data_md5: MD5 of the table it was learnt from.
        candidate: Name of the chosen candidate.
        judgement: The gate's last decision about it.
        contract: What a table means to it: the contract that it was trained with; None in a
            version of an earlier release.
    """

    name: str
    number: str
    aliases: tuple[str, ...]
    created: datetime
    model_id: str
    run_id: str
    source: str
    sha256: str
    question: str
    division: Division
    threshold: Threshold
    data_md5: str
    candidate: str
    judgement: Judgement
    contract: DatasetConfig | None

    @property
    def uri(self) -> str:
        """Address of the version for MLflow."""
        return f"models:/{self.name}/{self.number}"


class RunSummary(Strict):
    """One training as a line of a table; scores are None in a run that did not get that far."""

    run_id: str
    experiment_id: str
    zenml_run_id: str | None
    started: datetime
    status: str
    candidate: str | None
    accuracy: Estimate | None
    baseline_accuracy: Estimate | None
    roc_auc: Estimate | None
    log_loss: Estimate | None
    decision: str | None
    summary: str | None
    version: str | None


class Verdict(Strict):
    """The end of a training: the decision and the version it was made about.

    Attributes:
        decision: What the gate decided.
        model: The logged model.
        version: Number of the registered version; None if the candidate failed on its own.
        serves: Whether that version is the champion now.
        looks: How many trainings were judged on a hold-out of this rule, this one included.
        judged_before: Whether exactly this model was judged by the same policy before; then
            nothing was registered or moved again.
    """

    decision: Decision
    model: TrackedModel
    version: str | None
    serves: bool
    looks: int
    judged_before: bool

    def meaning(self) -> str:
        """What follows from the decision, as the aliases stand now."""
        if self.decision.promote:
            return "the model serves" if self.serves else "but a person let another version serve"
        if self.serves:
            return "the model serves all the same: roll back, or let it be"
        if self.decision.registered:
            return "the champion stays; the model is registered as challenger"
        return "the model does not serve"
