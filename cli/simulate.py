"""`run.py simulate`."""

from pathlib import Path

from cli.output import say


def run(students: int, seed: int, out: Path, debug: bool) -> None:
    """Write simulated students to a file, whole or not at all."""
    from student_performance.dataset import write_atomically
    from student_performance.simulate import simulate, to_csv

    data = to_csv(simulate(students, seed))
    write_atomically(out, data)
    say(f"Wrote {students:,} simulated students to {out} ({len(data):,} bytes).")
