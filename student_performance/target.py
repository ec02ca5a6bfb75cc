"""The rule that tells who passes."""

from pydantic import model_validator

from student_performance.strict import Strict


class Target(Strict):
    """Who passes; everyone else is at risk. Exactly one rule is given.

    Attributes:
        column: The outcome that the rule is about.
        pass_mark: A student passes with at least this number.
        pass_at_most: A student passes with at most this number, where 1 is the best grade.
        passing: A student passes with one of these values; others are at risk.
        at_risk: A student is at risk with one of these values; others pass.
    """

    column: str
    pass_mark: float | None = None
    pass_at_most: float | None = None
    passing: tuple[str, ...] | None = None
    at_risk: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> "Target":
        given = (self.pass_mark, self.pass_at_most, self.passing, self.at_risk)
        rules = [rule for rule in given if rule is not None]
        if len(rules) != 1 or rules == [()]:
            raise ValueError(
                "a target has one rule: `pass_mark` or `pass_at_most` for a number, or `passing` or"
                " `at_risk` with the values that mean it"
            )
        return self

    def text(self) -> str:
        """When a student passes, in a formula."""
        if self.pass_mark is not None:
            return f"{self.column} >= {self.pass_mark:g}"
        if self.pass_at_most is not None:
            return f"{self.column} <= {self.pass_at_most:g}"
        if self.passing is not None:
            return f"{self.column} is {' or '.join(self.passing)}"
        return f"{self.column} is not {' or '.join(self.at_risk or ())}"
