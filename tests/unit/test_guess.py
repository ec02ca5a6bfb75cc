"""A contract that is guessed from a table: loadable, marked, and without a student's cells."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from student_performance.config_files import load_configs
from student_performance.contract import DatasetConfig, Kind, Role
from student_performance.dataset import load_table
from student_performance.errors import InvalidDataError, ProductError, UsageError
from student_performance.onboarding.contract_yaml import contract_text, data_set_name
from student_performance.onboarding.guess import Guess, guess
from student_performance.simulate import simulate, to_csv
from tests.unit.builders import CONFIGS


def write(folder: Path, lines: list[str], encoding: str = "utf-8") -> str:
    path = folder / "school.csv"
    path.write_bytes("\n".join(lines).encode(encoding))
    return str(path)


def loaded(guessed: Guess, folder: Path) -> DatasetConfig:
    """The written contract, read as `--dataset` reads it."""
    datasets = folder / "configs" / "datasets"
    datasets.mkdir(parents=True)
    (folder / "configs" / "train.yaml").write_bytes((CONFIGS / "train.yaml").read_bytes())
    text = contract_text(guessed, "school", "school.csv")
    (datasets / "school.yaml").write_text(text, encoding="utf-8")
    return load_configs(folder / "configs", "school")[1]


def roles(guessed: Guess) -> dict[str, str]:
    return {name: str(guessed.columns[name].column.role) for name in guessed.columns}


def students(last: str, count: int = 60) -> list[str]:
    """Rows of a semicolon table: a number, a name, a share, a term, and what `last` names."""
    classes = ["Graduate", "Dropout", "Enrolled"]
    return [
        f"Matrikel Nr.;Name;Sex;Größe: m;Attendance %;Semester;{last}",
        *(
            f"{i:04d};Jörg {i};{'fm'[i % 2]};{100 + i}".replace(";1", ";1,")
            + f";{i};{2020 + i % 3};{classes[i % 3]}"
            for i in range(count)
        ),
    ]


def test_simulated_students_are_guessed_as_the_shipped_contract_has_them(
    tmp_path: Path, dataset: DatasetConfig
) -> None:
    path = tmp_path / "students.csv"
    path.write_bytes(to_csv(simulate(500, seed=7)))
    guessed = guess(str(path))
    contract = loaded(guessed, tmp_path)

    for name, column in dataset.columns.items():
        assert contract.columns[name].role == column.role
        assert contract.columns[name].kind == column.kind
        assert contract.columns[name].categories == column.categories
    assert contract.columns["attendance_percent"].maximum == 100
    assert contract.columns["hours_studied"].maximum is None, "that would be one student's value"
    assert contract.target.column == "test_score"
    assert (guessed.rows, guessed.doubts) == (500, ())
    assert len(load_table(str(path), contract)) == 500


def test_table_of_a_spreadsheet_elsewhere_is_understood(tmp_path: Path) -> None:
    path = write(tmp_path, students("Target"), "latin-1")
    guessed = guess(path)
    contract = loaded(guessed, tmp_path)

    assert (guessed.format.separator, guessed.decimal) == (";", ",")
    assert guessed.format.encoding == "latin-1"
    assert roles(guessed) == {
        "Matrikel Nr.": "id",
        "Name": "context",
        "Sex": "sensitive",
        "Größe: m": "feature",
        "Attendance %": "feature",
        "Semester": "cohort",
        "Target": "outcome",
    }
    assert contract.columns["Größe: m"].kind is Kind.NUMBER
    assert contract.columns["Attendance %"].maximum == 100
    assert contract.target.passing == ("Graduate",)
    assert load_table(path, contract)["at_risk"].tolist() == [int(i % 3 > 0) for i in range(60)]


def test_no_cell_of_a_student_is_written(tmp_path: Path) -> None:
    text = contract_text(guess(write(tmp_path, students("Target"), "latin-1")), "s", "s.csv")

    assert "Jörg" not in text
    assert "0001" not in text
    assert "159" not in text
    assert "2020" not in text


@pytest.mark.parametrize("count", [3, 10])
def test_names_in_a_small_table_are_no_categories(count: int, tmp_path: Path) -> None:
    lines = ["nickname,hours,score", *(f"Ada{i},{i},{i}" for i in range(count))]
    text = contract_text(guess(write(tmp_path, lines)), "s", "s.csv")

    assert "Ada" not in text


def test_guesses_are_marked(tmp_path: Path) -> None:
    text = contract_text(guess(write(tmp_path, students("Target"), "latin-1")), "s", "s.csv")
    lines = text.split("columns:\n")[1].splitlines()

    assert all("  # guess: " in line for line in lines if line.startswith(("  ", "target")))
    assert "known: before" in text
    assert "# guess: check" in text


@pytest.mark.parametrize(
    ("name", "values", "column", "rule"),
    [
        ("passed", ("0", "1"), Kind.INTEGER, {"pass_mark": 1.0}),
        ("G3", ("0", "7", "20"), Kind.INTEGER, {"pass_mark": 10.0}),
        ("score", ("0.5", "99.5"), Kind.NUMBER, {"pass_mark": 50.0}),
        ("gpa_result", ("1.0", "3.5"), Kind.NUMBER, {"pass_mark": 2.25}),
        ("dropout", ("0", "1"), Kind.CATEGORY, {"at_risk": ("1",)}),
        ("dropout", ("no", "yes"), Kind.CATEGORY, {"at_risk": ("yes",)}),
        ("passed", ("no", "yes"), Kind.CATEGORY, {"passing": ("yes",)}),
        ("final_result", ("Distinction", "Fail", "Pass"), Kind.CATEGORY,
         {"passing": ("Distinction", "Pass")}),
        ("class", ("x", "y"), Kind.CATEGORY, {"passing": ("x",)}),
        ("whatever", ("0", "10"), Kind.INTEGER, {"pass_mark": 5.0}),
    ],
)  # fmt: skip
def test_target_follows_from_its_name_and_values(
    name: str, values: tuple[str, ...], column: Kind, rule: dict[str, object], tmp_path: Path
) -> None:
    rows = [f"S{i},{i},{values[i % len(values)]}" for i in range(30)]
    guessed = guess(write(tmp_path, [f"student_id,hours,{name}", *rows]))
    contract = loaded(guessed, tmp_path)

    assert contract.target.model_dump(exclude_none=True) == {"column": name, **rule}
    assert contract.columns[name].kind is column
    assert contract.columns[name].role is Role.OUTCOME


def test_surest_of_several_outcomes_is_the_target_and_none_is_a_feature(tmp_path: Path) -> None:
    rows = [f"S{i},{i},{i % 7},{i % 2},{i % 5}" for i in range(30)]
    header = "student_id,hours,test_score,passed,class_size"
    guessed = guess(write(tmp_path, [header, *rows]))

    assert guessed.target.column == "passed"
    assert roles(guessed)["test_score"] == "outcome"
    assert roles(guessed)["class_size"] == "feature"


def test_missing_cells_and_names_that_are_taken_are_told(tmp_path: Path) -> None:
    rows = [f"{i if i else ''},{i % 2},{'' if i < 2 else i}" for i in range(30)]
    guessed = guess(write(tmp_path, ["hours,at_risk,score", *rows]))

    assert guessed.columns["hours"].column.nullable
    assert "at_risk" not in guessed.columns
    assert "Left out: `at_risk`" in guessed.doubts[0]
    assert "No column names the student" in guessed.doubts[1]
    assert "2 rows have no `score`" in guessed.doubts[2]


def test_student_who_returns_is_still_an_identifier(tmp_path: Path) -> None:
    rows = [f"S{i % 40},{2020 + i // 40},{i % 9},{i % 2}" for i in range(60)]
    guessed = guess(write(tmp_path, ["student,year,hours,passed", *rows]))

    assert roles(guessed) == {
        "student": "id", "year": "cohort", "hours": "feature", "passed": "outcome",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["yes", "1st", "a: b", "# x", "- y", "'q\"", "ключ", "x" * 200])
def test_odd_names_survive_the_file(name: str, tmp_path: Path) -> None:
    quoted = name.replace('"', '""')
    rows = [f"S{i},{i},{i % 2}" for i in range(30)]
    guessed = guess(write(tmp_path, [f'id,"{quoted}",passed', *rows]))

    assert list(loaded(guessed, tmp_path).features) == [name]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "is empty"),
        (["a,b,passed"], "has a header but no rows"),
        (["SECRET,5,1", "S2,6,0"], "the first line is no header"),
        (["only", "1"], "the first line is no header"),
        (["id,passed", "S1,0", "S2,1"], "No column is left to learn from"),
        (["id,x", "S1,1", "S2,1"], "No column can be an outcome"),
        (["a,b", "1,2,3"], "found 3 cells"),
        ([f"id,{'x' * 201},passed", "1,2,0"], "the first line is no header"),
    ],
)
def test_table_that_allows_no_contract_is_refused(
    lines: list[str], says: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidDataError) as refusal:
        guess(write(tmp_path, lines))

    assert says in refusal.value.message
    assert refusal.value.next_command == "python run.py dataset init FILE"
    assert "SECRET" not in refusal.value.message


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("my-students.csv", "my_students"),
        ("/a/b/Klasse 7b (neu).csv", "klasse_7b_neu"),
        ("2026.csv", "table_2026"),
        ("s3://bucket/x/students.csv", "students"),
        ("ünï.csv", "n"),
        ("日本.csv", "table"),
        (r"C:\Users\jo\My School.csv", "my_school"),
    ],
)
def test_name_is_made_from_that_of_the_file(file: str, name: str) -> None:
    assert data_set_name(None, file) == name
    assert data_set_name(name, "other.csv") == name


@pytest.mark.parametrize("name", ["My", "1a", "a-b", "../x", ""])
def test_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="begins with a letter"):
        data_set_name(name, "x.csv")


def test_written_file_is_yaml_with_every_key_of_the_format(tmp_path: Path) -> None:
    text = contract_text(guess(write(tmp_path, students("Target"), "latin-1")), "s", "a b.csv")
    tree = yaml.safe_load(text)

    assert list(tree) == [
        "name", "description", "file", "separator", "decimal", "encoding", "columns", "target",
    ]  # fmt: skip
    assert (tree["separator"], tree["decimal"], tree["file"]) == (";", ",", "a b.csv")


_TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
_TABLES = st.lists(st.lists(_TEXT, min_size=3, max_size=3).map(",".join), max_size=12)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guess")


@given(
    content=st.one_of(
        st.binary(max_size=100),
        _TABLES.map(lambda rows: "\n".join(["id,x,passed", *rows]).encode()),
        _TABLES.map(lambda rows: "\n".join(rows).encode("utf-16")),
    )
)
def test_any_bytes_are_a_contract_or_a_sentence(content: bytes, scratch: Path) -> None:
    path = scratch / "table.csv"
    path.write_bytes(content)
    try:
        guessed = guess(str(path))
    except ProductError:
        return
    assert set(yaml.safe_load(contract_text(guessed, "s", "s.csv"))["columns"]) == set(
        guessed.columns
    )
