"""Tables of growing size: `python -m benchmarks.scale --plot docs/scale.svg > reports/scale.md`.

Whole commands in an empty home, on Parquet: a training that holds the table, the same in parts by
one and by two processes, and a prediction. From the figures it is computed what larger tables would
take; docs/large-tables.md explains that.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import click
import psutil

from student_performance.simulate import simulate

_PROJECT = Path(__file__).resolve().parents[1]
_FILE_ROWS, _GROUP_ROWS = 1_000_000, 250_000
_EVERY = 0.25  # seconds between two looks at the memory
_MB = 2**20
_ONE = "--set=candidates={logistic_regression: {kind: logistic_regression}}"
_PLANNED = ((10**8, 2), (10**8, 16), (10**9, 16), (10**9, 64))


@dataclass(frozen=True)
class Way:
    """A way to go through a table; a line of the plot."""

    name: str
    command: str
    options: tuple[str, ...] = ()
    workers: int = 0


WAYS = (
    Way("train, in memory", "train", (_ONE, "--no-cache")),
    Way("train, in parts, 1 process", "train", (_ONE, "--no-cache", "--set=engine=dask"), 1),
    Way("train, in parts, 2 processes", "train", (_ONE, "--no-cache", "--set=engine=dask"), 2),
    Way("predict", "predict"),
)


@dataclass(frozen=True)
class Cost:
    """What a command took, its processes together.

    Attributes:
        wall: Seconds.
        cpu: Seconds.
        memory: MB of all processes at once at most, shared pages counted once.
        largest: MB of the largest process.
    """

    wall: float
    cpu: float
    memory: float
    largest: float


Found = dict[tuple[str, int], Cost]


def table(rows: int, folder: Path) -> Path:
    """Students in Parquet files of a million rows."""
    place = folder / str(rows)
    place.mkdir()
    for number, start in enumerate(range(0, rows, _FILE_ROWS)):
        frame = simulate(min(_FILE_ROWS, rows - start), seed=number + 1)
        named = frame.assign(student_id=f"T{number}-" + frame["student_id"])
        file = place / f"part-{number:04d}.parquet"
        named.to_parquet(file, row_group_size=_GROUP_ROWS, index=False)
    return place


def measured(way: Way, data: Path, home: Path) -> Cost:
    """Run a command to its end.

    Raises:
        click.ClickException: It did not end well.
    """
    out = ("--out", str(home / "risks.parquet")) if way.command == "predict" else ()
    command = [sys.executable, "run.py", way.command, "--data", str(data), *way.options, *out]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ZENML_", "MLFLOW_", "DASK_"))}
    variables = kept | {
        "HOME": str(home),
        "STUDENT_PERFORMANCE_HOME": str(home / "home"),
        "STUDENT_PERFORMANCE_MAX_BYTES": str(10**10),
        "STUDENT_PERFORMANCE_WORKERS": str(max(way.workers, 1)),
        "ZENML_CONFIG_PATH": str(home / "zenml"),
    }
    log = home / "log"
    with log.open("wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=_PROJECT, env=variables, stdout=output, stderr=output
        )
        memory, largest = _watched(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        told = log.read_text(errors="replace")[-2000:]
        raise click.ClickException(f"{way.name} ended with {process.returncode}:\n{told}")
    return Cost(wall, used.ru_utime + used.ru_stime, memory, largest)


def _watched(pid: int) -> tuple[float, float]:
    """Most MB of a process with its children, and of the largest of them, until it has ended."""
    memory = largest = 0.0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        sizes = list(_sizes(pid))
        memory, largest = max(memory, sum(sizes)), max([largest, *sizes])
        time.sleep(_EVERY)
    return memory, largest


def _sizes(pid: int) -> Iterator[float]:
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            yield process.memory_full_info().pss / _MB
        except psutil.Error:
            continue


def lines(found: Found, sizes: tuple[int, ...]) -> Iterator[str]:
    """The table of all ways and sizes."""
    yield "| | rows | wall | CPU | memory, all processes | largest process |"
    yield "|---|---:|---:|---:|---:|---:|"
    for way in WAYS:
        for rows in sizes:
            cost = found.get((way.name, rows))
            if cost is not None:
                yield (
                    f"| {way.name} | {rows:,} | {cost.wall:,.0f} s | {cost.cpu:,.0f} s |"
                    f" {cost.memory:,.0f} MB | {cost.largest:,.0f} MB |"
                )


def plan(found: Found, sizes: tuple[int, ...]) -> Iterator[str]:
    """What larger tables would take in parts, from the two largest sizes that were measured."""
    one, two = WAYS[1], WAYS[2]
    small, large = sizes[-2:]
    low, high = found[two.name, small], found[two.name, large]
    seconds = (high.wall - low.wall) / (large - small) * two.workers
    size = (high.memory - low.memory) / (large - small) * _MB
    fixed = max(low.wall - seconds * small / two.workers, 0.0)
    gain = found[one.name, large].wall / high.wall
    yield (
        f"Each row takes {seconds * 1e6:.1f} µs of one process and {size:.0f} bytes; starting and"
        f" judging take {fixed:.0f} s. Two processes are {gain:.2f} times as fast as one at"
        f" {large:,} rows. So, if processes have a core each and the store keeps up:"
    )
    yield ""
    yield "| rows | processes | time | memory, all processes |"
    yield "|---:|---:|---:|---:|"
    for rows, workers in _PLANNED:
        wall, memory = fixed + seconds * rows / workers, low.memory * _MB + size * rows
        yield f"| {rows:,} | {workers} | {wall / 60:,.0f} min | {memory / 2**30:,.0f} GB |"


def draw(found: Found, sizes: tuple[int, ...], file: Path) -> None:
    """Time and memory by rows, both axes logarithmic."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, name, unit in zip(
        figure.subplots(1, 2), ("wall", "memory"), ("seconds", "MB, all processes"), strict=True
    ):
        for way, marker in zip(WAYS, "os^D", strict=True):
            known = [rows for rows in sizes if (way.name, rows) in found]
            costs = [getattr(found[way.name, rows], name) for rows in known]
            axes.loglog(known, costs, marker=marker, label=way.name)
        axes.set(xlabel="rows", ylabel=unit)
        axes.grid(alpha=0.3)
    figure.axes[0].legend(frameon=False, fontsize=8)
    figure.savefig(file, metadata={"Date": None})


@click.command()
@click.option(
    "--rows", "sizes", multiple=True, type=click.IntRange(10_000),
    default=(100_000, 1_000_000, 10_000_000),
)  # fmt: skip
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw it there.")
def main(sizes: tuple[int, ...], plot: Path | None) -> None:
    """Measure and print Markdown."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("distributed", "pyarrow"))
    click.echo(
        f"{platform.machine()}, {os.cpu_count()} cores,"
        f" {psutil.virtual_memory().total / 2**30:.0f} GB, load {os.getloadavg()[0]:.1f} at the"
        f" start, Python {platform.python_version()}, {versions}. Logistic regression, 2 x 5 folds."
    )
    found: Found = {}
    for rows in sizes:
        with tempfile.TemporaryDirectory() as place:
            data = table(rows, Path(place))
            home = Path(place) / "home"
            home.mkdir()
            for way in WAYS:
                found[way.name, rows] = cost = measured(way, data, home)
                click.echo(f"{way.name}, {rows:,} rows: {cost}", err=True)
    click.echo("\n" + "\n".join(lines(found, sizes)))
    click.echo("\n" + "\n".join(plan(found, sizes)))
    if plot is not None:
        draw(found, sizes, plot)


if __name__ == "__main__":
    main()
