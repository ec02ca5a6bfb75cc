"""Copies `reports/results.md`, which `dvc repro` writes, between the markers of the README."""

from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_BEGIN, _END = "<!-- results:begin -->\n", "<!-- results:end -->"


def updated(readme: str, results: str) -> str:
    """The README with new results."""
    before, rest = readme.split(_BEGIN)
    _, after = rest.split(_END)
    return f"{before}{_BEGIN}{results}{_END}{after}"


def main() -> None:
    """Rewrite the README in place."""
    readme = _ROOT / "README.md"
    results = (_ROOT / "reports" / "results.md").read_text(encoding="utf-8")
    readme.write_text(updated(readme.read_text(encoding="utf-8"), results), encoding="utf-8")


if __name__ == "__main__":
    main()
