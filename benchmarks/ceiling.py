"""Every candidate beside the truth: `python -m benchmarks.ceiling`.

Learns on simulated students, judges on others, and prints how far each candidate stays below the
exact posterior on the same rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from student_performance.ceiling import accuracy_bound
from student_performance.config_files import load_configs
from student_performance.dataset import (
    AT_RISK,
    features_of,
    labelled,
    without_outcomes,
)
from student_performance.metrics import Costs, log_losses, score
from student_performance.models import build, fit, risk, variants
from student_performance.simulate import posterior, simulate

_CONFIGS = Path(__file__).resolve().parents[1] / "configs"


@dataclass(frozen=True)
class Distance:
    """How far a candidate stays below the truth on the same rows.

    Attributes:
        candidate: The candidate and its setting.
        accuracy: Its accuracy.
        roc_auc: Its ROC AUC.
        accuracy_short: Accuracy of the truth minus its own.
        auc_short: ROC AUC of the truth minus its own.
        log_loss_excess: Its log loss minus that of the truth.
        exceeds: Whether its accuracy is above the bound that only a leak passes.
    """

    candidate: str
    accuracy: float
    roc_auc: float
    accuracy_short: float
    auc_short: float
    log_loss_excess: float
    exceeds: bool


def distances(train_rows: int = 10_000, test_rows: int = 20_000) -> Iterator[Distance]:
    """Measure every variant of every candidate of the default configuration."""
    config, dataset = load_configs(_CONFIGS, "student_performance")
    train = without_outcomes(labelled(simulate(train_rows, seed=101), dataset), dataset)
    test = without_outcomes(labelled(simulate(test_rows, seed=102), dataset), dataset)
    y, eta = test[AT_RISK].to_numpy(copy=True), posterior(test)
    intervals = config.intervals.model_copy(update={"resamples": 100})
    truth = score(y, 1 - eta, Costs(), intervals)
    for name, candidate in config.candidates.items():
        for setting, variant in variants(candidate).items():
            model = build(variant, dataset)
            fit(model, features_of(train, dataset), train[AT_RISK].to_numpy(copy=True))
            p = risk(model, features_of(test, dataset))
            found = score(y, p, Costs(), intervals)
            yield Distance(
                candidate=f"{name} {setting}".strip(),
                accuracy=found["accuracy"].value,
                roc_auc=found["roc_auc"].value,
                accuracy_short=truth["accuracy"].value - found["accuracy"].value,
                auc_short=truth["roc_auc"].value - found["roc_auc"].value,
                log_loss_excess=float((log_losses(y, p) - log_losses(y, 1 - eta)).mean()),
                exceeds=found["accuracy"].value > accuracy_bound(eta),
            )


@click.command()
def main() -> None:
    """Print the distance of every candidate to the truth."""
    lines = [
        "| candidate | accuracy | ROC AUC | accuracy short | ROC AUC short | log loss above |",
        "|---|---|---|---|---|---|",
    ]
    for d in distances():
        lines.append(
            f"| {d.candidate} | {d.accuracy:.4f} | {d.roc_auc:.4f} | {d.accuracy_short:.4f}"
            f" | {d.auc_short:.4f} | {d.log_loss_excess:.4f} |"
        )
    click.echo("\n".join(lines))


if __name__ == "__main__":
    main()
