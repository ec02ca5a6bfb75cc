"""Copies what commands measured, `reports/*.md`, between the markers of the documents."""

from pathlib import Path

from cli import traps
from student_performance.dataset import write_atomically

ROOT = Path(__file__).resolve().parent.parent
# Each document with the reports it shows; the marker has the report's name.
SHOWN = {
    "README.md": ("results", "traps"),
    "docs/the-100-percent.md": ("hundred-percent",),
    "docs/large-tables.md": ("scale",),
    "docs/numbers.md": (
        "ceiling",
        "fairness",
        "leakage",
        "conformance",
        "speed",
        "speed-large",
        "speed-ours",
        "knobs",
        "resident",
        "stacks",
        "dashboard",
        "serving",
        "steady",
        "drift",
    ),
}


def updated(document: str, name: str, measured: str) -> str:
    """The document with a new report between its markers."""
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
    before, rest = document.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}{measured}{end}{after}"


def current(path: str) -> str:
    """What a document should say."""
    document = (ROOT / path).read_text(encoding="utf-8")
    for name in SHOWN[path]:
        document = updated(document, name, _text(name))
    return document


def _text(name: str) -> str:
    if name == "traps":
        return f"{traps.table()}\n"
    return (ROOT / "reports" / f"{name}.md").read_text(encoding="utf-8")


def main() -> None:
    """Rewrite every document in place."""
    for path in SHOWN:
        write_atomically(ROOT / path, current(path).encode())


if __name__ == "__main__":
    main()
