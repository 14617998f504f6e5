"""Reading agreement texts: what is understood, and what is refused, with its line and clause."""

from __future__ import annotations

from datetime import date

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from redaction.agreement import (
    Age,
    AllOf,
    Audience,
    Condition,
    Deadline,
    Elapsed,
    Form,
    Is,
    Items,
    Not,
    Number,
    Requirement,
    Share,
    Unit,
)
from redaction.reading import AgreementError, read_agreement
from redaction.text import Problem
from schemas.errors import Code
from tests.redaction.agreement_texts import TEXT, line_with, with_change, with_clause


def problems_of(text: str | bytes) -> list[str]:
    with pytest.raises(AgreementError) as caught:
        read_agreement(text, origin="a.yaml")
    assert caught.value.code is Code.BAD_AGREEMENT
    assert "\n" not in str(caught.value)
    return [str(problem) for problem in caught.value.problems]


def condition_of(spelling: str) -> Condition | None:
    text = with_change("{any: [{consent_of_victim: given}, {serious_risk: yes}]}", spelling)
    return read_agreement(text, origin="a.yaml").shares[2].when


def test_whole_text_is_read_into_the_model() -> None:
    agreement = read_agreement(TEXT, origin="a.yaml")
    assert (agreement.id, agreement.version, agreement.language) == ("northmoor-small", 3, "en-GB")
    assert agreement.calendars == (("school", "northmoor-schools"),)
    assert (agreement.start, agreement.until) == (date(2026, 9, 1), date(2027, 8, 31))
    assert agreement.audiences[1] == Audience(
        name="social-care",
        agency="northmoor-childrens-services",
        named_in=None,
        role=None,
        when=None,
    )
    assert agreement.audience("school").when == AllOf(
        parts=(
            Is(fact="children_involved", values=("yes",)),
            Elapsed(amount=3, unit=Unit.DAYS, inclusive=True),
        )
    )
    assert agreement.requires == (
        Requirement(of="school", training="encompass-key-adult", valid_months=36),
    )
    assert agreement.deliver_by == (
        Deadline(of="school", rule="next-school-day", at="08:30", calendar="school"),
    )
    assert agreement.handling[0].keep_days == 365
    assert agreement.dpia is not None
    assert agreement.dpia.review_by == date(2027, 5, 2)
    assert agreement.shares[0].text == "The school learns that police attended."
    assert agreement.shares[1].items == Items(where="child.school", when=None)
    third: Share = agreement.shares[2]
    assert (third.form, third.needs_reason, third.line) == (Form.MUNICIPALITY, True, 39)
    assert third.reveals == ("consent_of_victim", "serious_risk")
    assert agreement.nevers[0].classes == ("locates-victim",)
    assert agreement.nevers[0].clearer_than is Form.MUNICIPALITY
    assert agreement.nevers[0].to == ("anyone",)


def test_every_scalar_is_text_until_the_model_types_it() -> None:
    # YAML 1.1 would make 4.10 a number, yes and no truth values, and 08:30 a count of seconds
    text = with_change('"4.2"', "4.10").replace('"08:30"', "08:30")
    agreement = read_agreement(text, origin="a.yaml")
    assert agreement.shares[1].id == "4.10"
    assert agreement.deliver_by[0].at == "08:30"
    assert condition_of("{children_involved: no}") == Is(fact="children_involved", values=("no",))


def test_layout_and_comments_do_not_change_the_hash() -> None:
    agreement = read_agreement(TEXT, origin="a.yaml")
    again = read_agreement(f"# draft\n\n{TEXT}\n", origin="b.yaml")
    assert again.hash() == agreement.hash()
    other = read_agreement(with_change("3 days", "4 days"), origin="a.yaml")
    assert other.hash() != agreement.hash()


@pytest.mark.parametrize(
    ("spelling", "condition"),
    [
        ("{fact_a: [x, y]}", Is(fact="fact_a", values=("x", "y"))),
        ("{not: {fact_a: x}}", Not(part=Is(fact="fact_a", values=("x",)))),
        ("{score: {at_least: 14}}", Number(fact="score", at_least=14, at_most=None)),
        ("{score: {at_least: -1, at_most: 3}}", Number(fact="score", at_least=-1, at_most=3)),
        (
            "{disclosure_age: {less_than: 2 school days}}",
            Elapsed(amount=2, unit=Unit.SCHOOL_DAYS, inclusive=False),
        ),
        (
            "{disclosure_age: {at_most: 1 month}}",
            Elapsed(amount=1, unit=Unit.MONTHS, inclusive=True),
        ),
        (
            "{age: {of: child.date_of_birth, at_least: 4, at_most: 17}}",
            Age(of="child.date_of_birth", at_least=4, at_most=17),
        ),
    ],
)
def test_condition_is_read(spelling: str, condition: Condition) -> None:
    assert condition_of(spelling) == condition


@pytest.mark.parametrize(
    ("spelling", "problem"),
    [
        ("{a: x, b: y}", "a condition holds several facts; join them with `all: [...]`"),
        ("{}", "a condition is empty"),
        ("[]", "a condition must be written as `key: value`"),
        ("{all: []}", "`all` is empty"),
        ("{any: []}", "`any` is empty"),
        ("{any: {a: x}}", "`any` must be a list"),
        ("{not: []}", "a condition must be written as `key: value`"),
        ("{a: []}", "the value of `a` is empty"),
        ("{a: ''}", "the value of `a` is empty"),
        ("{a: [x, x]}", "the value of `a` names a word twice"),
        ("{a: {}}", "`a` needs `at_least`, `at_most` or both"),
        ("{a: {at_least: 1.5}}", "`at_least` must be a whole number from"),
        ("{a: {at_least: 3, at_most: 2}}", "`a` has `at_least` above `at_most`"),
        ("{a: {more_than: 3}}", "`a` has no `more_than`"),
        ("{disclosure_age: 3 days}", "`disclosure_age` must be written as `key: value`"),
        ("{disclosure_age: {at_most: 3 weeks}}", "`at_most` must be a number of days or school"),
        ("{disclosure_age: {at_most: 1 days, less_than: 2 days}}", "needs one of `at_most` and"),
        ("{age: {at_most: 17}}", "`age` lacks `of`"),
        ("{age: {of: child.date_of_birth}}", "`age` needs `at_least`, `at_most` or both"),
        ("{age: {of: child.date_of_birth, at_most: 170}}", "a whole number from 0 to 150"),
    ],
)
def test_condition_outside_the_grammar_is_refused(spelling: str, problem: str) -> None:
    text = with_change("{any: [{consent_of_victim: given}, {serious_risk: yes}]}", spelling)
    found = problems_of(text)
    assert len(found) == 1
    assert found[0].startswith("a.yaml:43: clause 4.3: ")
    assert problem in found[0]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("version: 3", "version: three", "2: `version` must be a whole number from 1 to 999999"),
        ("version: 3", "versoin: 3", "2: the agreement has no `versoin` (did you mean `version`?)"),
        ("title: A small arrangement\n", "", "1: the agreement lacks `title`"),
        ("en-GB", "English", "4: `language` must be a language tag such as `en-GB`"),
        ("Europe/London", "Europe/Londinium", "5: `time_zone` must be a time zone such as"),
        ("Europe/London", "localtime", "5: `time_zone` must be a time zone such as"),
        ("Europe/London", "posixrules", "5: `time_zone` must be a time zone such as"),
        ("Europe/London", "right/UTC", "5: `time_zone` must be a time zone such as"),
        ("Europe/London", "a/../../etc/passwd", "5: `time_zone` must be a time zone such as"),
        ("Europe/London", "/etc/passwd", "5: `time_zone` must be one word of"),
        ("[northmoor-police]", "[]", "8: `publishers` is empty"),
        ("[northmoor-police]", "[a, a]", "8: `publishers` names `a` twice"),
        ("  school:\n    named_in", "  anyone:\n    named_in", "`anyone` is a reserved word"),
        (
            "{agency: northmoor-childrens-services}",
            "{role: social-care}",
            "16: audience `social-care` needs `role` and `all_of_role: yes` together",
        ),
        (
            "{agency: northmoor-childrens-services}",
            "{agency: a, named_in: child.school}",
            "16: audience `social-care` needs one of `agency`, `named_in` and `role`",
        ),
        ("2026-06-30", "2026-06-31", "21: `date` is no day of the calendar"),
        ("2026-06-30", "30.6.2026", "21: `date` must be a date written YYYY-MM-DD"),
        ("until: 2027-08-31", "til: 2027-08-31", "23: `in_force` lacks `until`"),
        ("36 months", "3 years", "25: `valid_for` must be a number of months"),
        ("next-school-day", "soon", "27: `rule` must be `next-school-day` or `within N hours`"),
        ('"08:30"', '"8.30"', "27: `at` must be a time written HH:MM"),
        (', at: "08:30", calendar: school', "", "27: `next-school-day` needs `at` and `calendar`"),
        ("next-school-day", "within 4 hours", "27: a deadline in hours takes no `at`"),
        ("365 days", "one year", "29: `keep_for` must be a number of days"),
        ("clauses:\n", "clauses: none\nmore:\n", "30: `clauses` must be a list"),
        ("as: municipality", "as: city", "41: clause 4.3: `as` must be `clear`, `month`"),
        ("as: municipality", "form: month", "41: clause 4.3: a `share` has no `form`"),
        ("needs: {reason: yes}", "needs: {reason: no}", "44: clause 4.3: `reason` must be `yes`"),
        ("is: recipient", "is: anyone", "38: clause 4.2: `is` must be `recipient`"),
        (
            ", is: recipient",
            "",
            "38: clause 4.2: `items` needs `where` with a tag and `is: recipient`",
        ),
        ("{where: child.school, is: recipient}", "{}", "38: clause 4.2: `items` needs `where"),
        ("    never:", "    share: [a]\n    never:", "clause 7.1: a clause needs either `share`"),
        ("clearer_than: municipality", "clearer_than: clear", "clause 7.1: `clearer_than` must be"),
        ("never: {class: locates-victim}", "never: {}", "clause 7.1: `never` is empty"),
        ("    to: anyone\n", "", "clause 7.1: a `never` lacks `to`"),
        ("to: anyone\n", "to: anyone\n    from: [a]\n", "clause 7.1: a `never` has no `from`"),
        ("[incident.attended_at, incident.reference]", "[a b]", "clause 4.1: `share` must be one"),
    ],
)
def test_faulty_word_is_a_problem_with_line_and_clause(old: str, new: str, problem: str) -> None:
    found = problems_of(with_change(old, new))
    place = f"a.yaml:{problem}" if problem[0].isdigit() else problem
    assert any(place in each for each in found), found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "a.yaml:1: the text is not written in lines of `key: value`"),
        ("- a", "a.yaml:1: the text is not written in lines of `key: value`"),
        (b"a: \xff", "a.yaml:1: the text is not UTF-8"),
        (b"a: b\nc: \xe9\n", "a.yaml:2: the text is not UTF-8"),
        ("a: \ud800", "a.yaml:1: the text is not UTF-8"),
        ("a:\n\t- b", "a.yaml:2: the line is indented with a tab; use spaces"),
        ("a: [b", "a.yaml:1: a comma or a `]` is missing here"),
        ("%!$%&", "a.yaml:1: the text cannot be read here; look at brackets, quotation marks"),
        ("a: b\n---\nc: d", "a.yaml:2: a second document begins here; write one"),
        (
            "a: &x b\nc: *x",
            "a.yaml:1: `&` before a word names it, which is not allowed; write the words out",
        ),
        (
            "a: *x",
            "a.yaml:1: `*` before a word points elsewhere, which is not allowed; write the",
        ),
        (
            "a: !!python/name:os.system b",
            "a.yaml:1: `!` before a word is not allowed; put the word in",
        ),
        ("a: b\n<<: {c: d}", "a.yaml:2: `<<` is not allowed; write the words out"),
        ("a: b\na: c", "a.yaml:2: `a` is written twice in one place"),
        ("x: [{a: b, a: c}]", "a.yaml:1: `a` is written twice in one place"),
        ("? [a]\n: b", "a.yaml:1: a key must be a word"),
        (
            "a: " + "[" * 20 + "]" * 20,
            "a.yaml:1: more than 20 brackets or indents stand in one another",
        ),
        ("[" * 100_000, "a.yaml:1: more than 20 brackets or indents stand in one another"),
        ("a: " + "b" * 262_144, "a.yaml:1: the text is longer than 256 kilobytes"),
        ("a: b\nc: \x1b[2J", "a.yaml:2: an invisible character stands here (U+001B)"),
        ("a: 'to \u202eloohcs'", "a.yaml:1: an invisible character stands here (U+202E)"),
        ("a: scho\u200bol", "a.yaml:1: an invisible character stands here (U+200B)"),
        ('a: "to \\u202eloohcs"', "a.yaml:1: an invisible character is written here (U+202E)"),
        ('a: [b, "\\0"]', "a.yaml:1: an invisible character is written here (U+0000)"),
        ('x: {"\\u200b": b}', "a.yaml:1: an invisible character is written here (U+200B)"),
        ('x: {"a\\nb": c}', "a.yaml:1: a key must be a word"),
        (f"? {'k' * 201}\n: b", "a.yaml:1: a key is longer than 200 characters"),
    ],
)
def test_text_that_could_be_read_in_two_ways_is_refused(text: str | bytes, problem: str) -> None:
    assert any(each.startswith(problem) for each in problems_of(text))


def test_anchor_that_multiplies_a_text_is_refused_before_it_grows() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)
    )
    assert "`&` before a word" in problems_of(bomb)[0]


def test_every_problem_is_found_at_once_in_the_order_of_the_text() -> None:
    text = with_change("version: 3", "version: 0").replace("as: municipality", "as: town")
    text = text.replace("class: locates-victim", "klass: locates-victim")
    text = text.replace("2026-09-01", "soon").replace("{serious_risk: yes}", "{}")
    found = problems_of(text)
    lines = [int(each.split(":")[1]) for each in found]
    assert lines == sorted(lines) == [2, 23, 41, 43, 47]
    assert "klass" in found[-1]
    assert "(did you mean `class`?)" in found[-1]


def test_error_is_one_line_that_counts_the_rest() -> None:
    with pytest.raises(AgreementError) as caught:
        read_agreement("agreement: a\n", origin="a.yaml")
    first, count = caught.value.problems[0], len(caught.value.problems)
    assert str(caught.value) == f"{first} (and {count - 1} more)"


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"k{n}:\n" for n in range(30_000)),  # without a limit these took three minutes
        "".join(f"- *a{n}\n" for n in range(20_000)),
        "clauses: {" + "a," * 100_000 + "}",
        "clauses:\n" + "".join(f"- {{id: c, to: b, share: c, as: mask{n}}}\n" for n in range(999)),
    ],
    ids=["unknown keys", "aliases", "one key", "unknown forms"],
)
@pytest.mark.timeout(20)
def test_after_five_hundred_problems_reading_ends_and_says_so(text: str) -> None:
    found = problems_of(text)
    assert len(found) == 501
    assert found[-1].endswith("there are more than 500 problems; mend those above first")


@pytest.mark.parametrize("size", [1_000, 1_001])
def test_clauses_are_limited_to_a_thousand(size: int) -> None:
    clauses = "".join(
        f"  - {{id: c{n}, share: [incident.reference], to: school}}\n" for n in range(size - 4)
    )
    if size == 1_000:
        assert len(read_agreement(TEXT + clauses, origin="a.yaml").shares) == 999
    else:
        assert problems_of(TEXT + clauses) == ["a.yaml:31: `clauses` has more than 1000 entries"]


def test_word_and_text_lengths_are_limited() -> None:
    text = with_change("A small arrangement", "x" * 201).replace(
        "The school learns that police attended.", "y" * 2_001
    )
    assert problems_of(text) == [
        "a.yaml:3: `title` is longer than 200 characters",
        "a.yaml:32: clause 4.1: `text` is longer than 2000 characters",
    ]


def test_never_may_name_tags_classes_or_both() -> None:
    clause = (
        '  - {id: "7.2", never: {class: money, tag: [victim.name]}, to: [school, social-care]}\n'
    )
    clause += '  - {id: "7.3", never: [victim.phone], to: anyone}\n'
    nevers = read_agreement(with_clause(clause), origin="a.yaml").nevers
    assert (nevers[1].tags, nevers[1].classes) == (("victim.name",), ("money",))
    assert (nevers[2].tags, nevers[2].classes) == (("victim.phone",), ())


def test_audience_of_a_role_says_that_it_means_all_of_it() -> None:
    text = with_change(
        "{agency: northmoor-childrens-services}", "{role: social-care, all_of_role: yes}"
    )
    assert read_agreement(text, origin="a.yaml").audiences[1].role == "social-care"


def _spellings() -> st.SearchStrategy[str]:
    words = st.sampled_from(
        ["all", "any", "not", "share", "never", "id", "4.1", "yes", "2026-01-01", "", "<<", "a: b"]
    )
    trees = st.recursive(
        words | st.integers() | st.none() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
        max_leaves=20,
    )
    sections = [line.split(":")[0] for line in TEXT.splitlines() if line[0].isalpha()]
    return st.dictionaries(st.sampled_from(sections), trees, max_size=8).map(
        lambda tree: yaml.safe_dump(tree, allow_unicode=True)
    )


@settings(max_examples=150, deadline=None)
@given(text=_spellings() | st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_is_read_or_refused_with_lines_and_nothing_else_happens(text: str | bytes) -> None:
    with pytest.raises(AgreementError) as caught:
        read_agreement(text, origin="a.yaml")
    assert all(problem.line >= 1 for problem in caught.value.problems)


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, len(TEXT) - 1), length=st.integers(1, 30), put=st.text(max_size=6))
def test_spoilt_agreement_is_read_or_refused_and_nothing_else_happens(
    at: int, length: int, put: str
) -> None:
    text = TEXT[:at] + put + TEXT[at + length :]
    refused: tuple[Problem, ...] = ()
    try:
        agreement = read_agreement(text, origin="a.yaml")
    except AgreementError as error:
        refused = error.problems
    else:
        assert len(agreement.hash()) == 64
    assert all(1 <= each.line <= text.count("\n") + 2 for each in refused)


def test_lines_are_those_of_the_text() -> None:
    assert line_with(TEXT, '"4.3"') == 39
    assert [clause.line for clause in read_agreement(TEXT, origin="a").clauses()] == [
        line_with(TEXT, f'"{number}"') for number in ("4.1", "4.2", "4.3", "7.1")
    ]
