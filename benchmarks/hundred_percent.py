"""How the report's "accuracy 1.0" came about: `python -m benchmarks.hundred_percent`.

Repeats what the report did on its own 50 rows, takes its errors away one by one, and prints each
score with the majority's beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from student_performance.report_table import report_rows

_HONEST = ["gender_Male", "hours_studied", "attendance_percent", "assignments_completed"]
_RANDOM_DRAWS = 20


@dataclass(frozen=True)
class Score:
    """What one protocol prints.

    Attributes:
        protocol: What was predicted from what, and on which rows it was scored.
        accuracy: Mean accuracy.
        spread: Standard deviation over the repeats; None for a single look.
        roc_auc: Mean ROC AUC; None where it was not computed.
        majority: Accuracy of always giving the commonest answer.
    """

    protocol: str
    accuracy: float
    spread: float | None
    roc_auc: float | None
    majority: float

    def row(self) -> str:
        """A line of the Markdown table."""
        spread = "" if self.spread is None else f" ± {self.spread:.3f}"
        auc = "–" if self.roc_auc is None else f"{self.roc_auc:.3f}"
        return f"| {self.protocol} | {self.accuracy:.3f}{spread} | {auc} | {self.majority:.2f} |"


def prepared() -> pd.DataFrame:
    """The report's prepared table: one column for each gender, put last."""
    return pd.get_dummies(report_rows(), columns=["gender"]).astype("float64")


def scores(repeats: int) -> Iterator[Score]:
    """Every protocol, the report's own first."""
    table = prepared()
    male, passed = table["gender_Male"], (table["test_score"] >= 60).astype("float64")
    seen = table.drop(columns="gender_Male")  # what the report's model was given
    yield _as_reported(seen, male)
    yield _resubstituted("the report's model, scored on all 50 rows", seen, male)
    yield _validated("gender from gender: its complement is a feature", seen, male, repeats)
    no_twin = seen.drop(columns=["gender_Female", "student_id"])
    yield _validated("gender without its complement and the identifier", no_twin, male, repeats)
    leaky = table[[*_HONEST, "test_score"]]
    yield _validated("pass or fail, with the test score as a feature", leaky, passed, repeats)
    numbered = table[[*_HONEST, "student_id"]]
    yield _validated("pass or fail, with the identifier as a feature", numbered, passed, repeats)
    honest = table[_HONEST]
    yield _validated("**pass or fail, honestly**", honest, passed, repeats)
    linear = make_pipeline(StandardScaler(), LogisticRegression())
    yield _validated("the same, logistic regression", honest, passed, repeats, linear)
    yield _resubstituted("the same forest, scored on the rows it learnt from", honest, passed)
    yield _coin_flips(table[["student_id", *_HONEST[1:]]])


def _forest() -> RandomForestClassifier:
    return RandomForestClassifier(n_estimators=100, random_state=42)


def _as_reported(features: pd.DataFrame, target: pd.Series) -> Score:
    """`train_test_split` with the report's seed, 10 rows to score on."""
    learn, check, y, truth = train_test_split(features, target, test_size=0.2, random_state=42)
    accuracy = float(_forest().fit(learn, y).score(check, truth))
    right = binomtest(round(accuracy * len(check)), len(check)).proportion_ci(method="exact")
    protocol = (
        f"the report, scored on its {len(check)} test rows (95% interval from {right.low:.2f})"
    )
    return Score(protocol, accuracy, None, None, _majority(target))


def _resubstituted(protocol: str, features: pd.DataFrame, target: pd.Series) -> Score:
    accuracy = float(_forest().fit(features, target).score(features, target))
    return Score(protocol, accuracy, None, None, _majority(target))


def _validated(
    protocol: str,
    features: pd.DataFrame,
    target: pd.Series,
    repeats: int,
    model: Any | None = None,
) -> Score:
    """Stratified 5-fold cross-validation; accuracy and ROC AUC of each repeat's 50 predictions."""
    found: list[tuple[float, float]] = []
    for repeat in range(repeats):
        chances = _out_of_fold(features, target, repeat, model)
        right = float(np.mean((chances >= 0.5) == (target == 1)))
        found.append((right, float(roc_auc_score(target, chances))))
    accuracy, auc = np.array(found).T
    return Score(
        f"{protocol}; {repeats} x 5 folds",
        float(accuracy.mean()),
        float(accuracy.std(ddof=1)),
        float(auc.mean()),
        _majority(target),
    )


def _out_of_fold(
    features: pd.DataFrame, target: pd.Series, seed: int, model: Any | None
) -> NDArray[np.float64]:
    chances = np.empty(len(target))
    for learn, check in StratifiedKFold(5, shuffle=True, random_state=seed).split(features, target):
        fitted = (model or _forest()).fit(features.iloc[learn], target.iloc[learn])
        chances[check] = fitted.predict_proba(features.iloc[check])[:, 1]
    return chances


def _coin_flips(features: pd.DataFrame) -> Score:
    rng = np.random.default_rng(0)
    found, majorities = [], []
    for _ in range(_RANDOM_DRAWS):
        coins = pd.Series(rng.integers(0, 2, len(features)))
        found.append(float(_forest().fit(features, coins).score(features, coins)))
        majorities.append(_majority(coins))
    protocol = f"{_RANDOM_DRAWS} x coin flips, with the identifier, scored on the rows learnt from"
    return Score(protocol, float(np.mean(found)), None, None, float(np.mean(majorities)))


def _majority(target: pd.Series) -> float:
    share = float(target.mean())
    return max(share, 1 - share)


@click.command()
@click.option("--repeats", default=20, show_default=True, type=click.IntRange(2))
def main(repeats: int) -> None:
    """Print the scores of every protocol on the report's 50 rows."""
    lines = ["| what was predicted and how | accuracy | ROC AUC | majority |", "|---|---|---|---|"]
    for score in scores(repeats):
        click.echo(score.protocol, err=True)
        lines.append(score.row())
    click.echo("\n".join(lines))


if __name__ == "__main__":
    main()
