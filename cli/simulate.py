"""`run.py simulate`."""

from pathlib import Path

from cli.output import say


def run(
    students: int, seed: int, out: Path, term: str, overrides: tuple[str, ...], debug: bool
) -> None:
    """Write simulated students to a file, whole or not at all, and say how good one can be."""
    say("student-performance: simulating …")
    from student_performance.config_files import load_world
    from student_performance.dataset import write_atomically
    from student_performance.simulate import ceilings, posterior, simulate, to_csv

    world = load_world(overrides)
    frame = simulate(students, seed, world)
    frame["student_id"] = term + frame["student_id"]
    data = to_csv(frame)
    write_atomically(out, data)
    best = ceilings(posterior(frame, world))
    say(f"Wrote {students:,} simulated students to {out} ({len(data):,} bytes).")
    say(
        "The best that any model can expect on them:"
        f" accuracy {best.accuracy:.3f}, ROC AUC {best.roc_auc:.3f}."
    )
