"""Parameters of the simulated students, as a data-set configuration may name them."""

from student_performance.strict import Strict

HABITS = ("hours_studied", "attendance_percent", "assignments_completed")


class World(Strict):
    """Parameters of the process that makes students.

    Attributes:
        hours_median: Median hours studied a week.
        attendance_location: Logit of the median attendance.
        base: Points of a student who does nothing.
        hours_effect: Points that hours can add at the most.
        attendance_effect: Points for each percent of attendance.
        assignment_effect: Points for each assignment.
        gender_effect: Points added to male students; 0 is a fair world.
        gender_covariates: How many standard deviations male habits are above female ones.
        noise: Standard deviation of the points that habits do not explain.
    """

    hours_median: float = 9.0
    attendance_location: float = 1.6
    base: float = 10.5
    hours_effect: float = 24.0
    attendance_effect: float = 0.30
    assignment_effect: float = 1.8
    gender_effect: float = 0.0
    gender_covariates: float = 0.0
    noise: float = 9.0
