"""The model card of a version: what it is for, what it was judged on, and what it must not do."""

from student_performance.evaluation import EvaluationReport
from student_performance.metrics import LABELS
from student_performance.records import Version
from student_performance.rendering import render


def model_card(version: Version, report: EvaluationReport) -> str:
    """A card in Markdown, with the sections of Mitchell et al. 2019 (doi:10.1145/3287560.3287596).

    Args:
        version: The registered version.
        report: Its evaluation.
    """
    return render("model_card.md.j2", version=version, report=report, labels=LABELS)
