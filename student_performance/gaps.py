"""Which gaps between groups are proved to be larger than a limit, in words."""

from collections.abc import Iterable

from student_performance.fairness import AttributeFairness, Gap

_ABOUT: dict[str, str] = {
    "true_positive_rate": "students at risk",
    "false_positive_rate": "students who pass",
}


def violations(audits: Iterable[AttributeFairness], max_gap: float) -> tuple[str, ...]:
    """A sentence for each gap that is proved to be larger than `max_gap`."""
    return tuple(
        _sentence(found, gap, max_gap)
        for found in audits
        for gap in found.gaps
        if gap.sufficient and gap.low > max_gap
    )


def _sentence(found: AttributeFairness, gap: Gap, limit: float) -> str:
    rates = {group.group: getattr(group, gap.rate) for group in found.groups}
    first, second = gap.groups
    name, bounds = gap.rate.replace("_", " "), f"[{gap.low:.3f}, {gap.high:.3f}]"
    return (
        f"{gap.attribute}: of the {_ABOUT[gap.rate]}, {rates[first]:.1%} of {first} and"
        f" {rates[second]:.1%} of {second} are flagged ({name}); the gap is {gap.value:.3f}"
        f" {bounds} (n = {gap.n:,}), and its lower bound is above {limit:g}."
    )
