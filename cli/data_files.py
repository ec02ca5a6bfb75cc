"""Where a table is; the tables that the project can make itself are made if they are not there."""

from pathlib import Path
from typing import TYPE_CHECKING

from cli.output import say

if TYPE_CHECKING:
    from student_performance.contract import DatasetConfig

_MADE = {
    "student_performance": "simulating 10,000 students",
    "report": "writing the 50 rows of the report",
}


def data_file(project: Path, given: str | None, contract: "DatasetConfig") -> str:
    """The address of a table: what was given, else the data set's own file."""
    if given is not None or "://" in contract.file:
        return absolute(given or contract.file)
    path = project / contract.file
    if not path.exists() and contract.name in _MADE:
        from student_performance.dataset import write_atomically

        say(f"{contract.file} is not there: {_MADE[contract.name]} (same bytes everywhere).")
        write_atomically(path, _made(contract.name))
    return str(path)


def absolute(address: str) -> str:
    """A local path from the root; a remote address as it is, with the keys it needs at hand."""
    if "://" not in address:
        return str(Path(address).absolute())
    from student_performance.server_settings import share_settings

    share_settings()
    return address


def _made(dataset: str) -> bytes:
    if dataset == "report":
        from student_performance.report_table import report_csv

        return report_csv()
    from student_performance.simulate import simulate, to_csv

    return to_csv(simulate())
