"""Documents from the templates of this package."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


def render(template: str, **values: Any) -> str:
    """Fill in a template; in HTML, what is filled in is text and never markup."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("student_performance"),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    # Jinja's own `capitalize` writes the rest of the sentence, and names in it, in lower case.
    made.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    made.filters["cell"] = lambda text: text.replace("|", "\\|")
    return made
