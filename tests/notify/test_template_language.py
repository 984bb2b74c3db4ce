"""What an edited text may not say, and that the shipped ones say nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.kinds import KINDS, UNEDITED, example_of
from services.notify.template import Medium
from services.notify.template_check import masked, problems_of
from services.notify.texts import LOCALES, Text
from services.notify.wording import shipped

GOOD = "{{ title }}"


def codes(body: str, kind: str = "slot.opened", title: str = GOOD) -> list[tuple[str, str]]:
    """What is wrong with a text, and where."""
    return [(problem.code, problem.pointer) for problem in problems_of(kind, Medium.INBOX, Text(title, body))]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("medium", Medium)
@pytest.mark.parametrize("kind", sorted(KINDS.keys() - UNEDITED))
def test_every_shipped_text_could_have_been_edited(kind: str, medium: Medium, locale: str) -> None:
    assert problems_of(kind, medium, shipped(kind, medium, locale)) == []


@pytest.mark.parametrize(
    "body",
    [
        "{{ title }}",
        "{%- if number -%} {{ number|upper }} {%- elif title %}{{ title }}{% else %}-{% endif %}",
        "{{ number if number else '无编号 }} %}' }}",
        "{{ number|default('没有') }}{{ (title|length) > 3 and not number is none }}",
        "{# 说明：{{ nothing }} #}{{ title }} 5 * 8 ~ 40 + 2 [x] {x}",
        "{% if number is not none %}{{ number }}{% endif %}{{ title }}",
    ],
)
def test_values_choices_and_repetition_are_allowed(body: str) -> None:
    assert codes(body) == []


def test_a_list_is_repeated() -> None:
    body = "{% for person in administrator_ids %}{{ loop.index }} {{ person }}{% endfor %}"
    assert codes(body, "case.attention_raised") == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        # endless, or as good as
        ("{% for i in range(10000000000) %}x{% endfor %}", "template_call"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "template_tag"),
        ("{% for x in title recursive %}{{ loop(title) }}{% endfor %}", "template_call"),
        # gigabytes, which no fuel counts
        ("{{ 'a' * 1000000000 }}", "template_operator"),
        ("{{ title ~ title }}", "template_operator"),
        ("{{ title + title }}", "template_operator"),
        ("{% set x %}{{ title }}{{ title }}{% endset %}{{ x }}", "template_tag"),
        ("{% set x = title %}", "template_operator"),
        ("{{ title|join(title)|join(title) }}", "template_filter"),
        ("{{ title|replace('', title) }}", "template_filter"),
        ("{{ '%999999999d'|format(1) }}", "template_filter"),
        # out of the values, into the machine
        ("{{ title.__class__ }}", "template_name"),
        ("{{ title.__class__.__mro__ }}", "template_name"),
        ("{{ title['__class__'] }}", "template_operator"),
        ("{{ title.upper() }}", "template_call"),
        ("{{ ''.join(title) }}", "template_call"),
        ("{{ title.not('x') }}", "template_call"),
        ("{{ title is defined(title) }}", "template_call"),
        ("{{ (title)('x') }}", "template_call"),
        ("{{ 'x'('y') }}", "template_call"),
        ("{{ debug() }}", "template_call"),
        ("{{ self.title }}", "template_undefined"),
        ("{% include 'mail.zh-CN.txt' %}", "template_tag"),
        ("{% import 'x' as y %}", "template_tag"),
        ("{% extends 'x' %}", "template_tag"),
        ("{% raw %}{{ title * 3 }}{% endraw %}", "template_tag"),
        ("{% %}", "template_tag"),
        ("{{ title is odd }}", "template_test"),
        ("{{ {'a': title} }}", "template_operator"),
        # mistakes
        ("{{ reviewer }}", "unknown_variable"),
        ("{{ title", "template_syntax"),
        ("{% if title %}", "template_syntax"),
        ("{{ title.name }}", "template_undefined"),
        ("{{ round|first }}", "template_failed"),
        ("{% if number == 'x' %}y{% endif %}", "template_empty"),
    ],
)
def test_what_computes_reaches_out_or_fails_is_refused(body: str, code: str) -> None:
    assert codes(body) == [(code, "/body")]
    assert codes(GOOD, title=body) == [(code, "/title")]


def test_a_problem_says_where_it_is() -> None:
    (problem,) = problems_of("slot.opened", Medium.INBOX, Text(GOOD, "一\n二 {{ title * 2 }}"))
    assert problem.text == "第 2 行：模板中不允许使用 “*”"
    assert problem.text_en == "line 2: “*” is not allowed in a template"
    (problem,) = problems_of("slot.opened", Medium.INBOX, Text(GOOD, "一\n{{ title.name }}"))
    assert problem.text.startswith("第 2 行：undefined value")


def test_every_problem_is_told_at_once() -> None:
    assert codes("{{ a }} {{ b }}", title="{{ c }}") == [
        ("unknown_variable", "/title"),
        ("unknown_variable", "/body"),
        ("unknown_variable", "/body"),
    ]


def test_loops_in_loops_run_out_of_fuel_when_they_are_saved() -> None:
    depth = 40
    body = "{% for x in administrator_ids %}" * depth + "x" + "{% endfor %}" * depth
    values = example_of("case.attention_raised") | {"administrator_ids": ["a", "b"]}
    problems = problems_of("case.attention_raised", Medium.INBOX, Text(GOOD, body), values)
    assert [problem.code for problem in problems] == ["template_endless"]


def test_an_sms_needs_no_body() -> None:
    assert problems_of("slot.opened", Medium.SMS, Text(GOOD, "")) == []
    assert [problem.code for problem in problems_of("slot.opened", Medium.EMAIL, Text(GOOD, ""))] == [
        "template_empty"
    ]


@given(st.text(st.sampled_from("{}%#()|.'\"\\_-+~* \ntitle0"), max_size=60))
def test_whatever_is_written_is_judged_and_nothing_breaks(body: str) -> None:
    for problem in problems_of("slot.opened", Medium.INBOX, Text(GOOD, body)):
        assert (problem.pointer, bool(problem.text)) == ("/body", True)


def test_a_masked_message_has_the_same_shape_and_nobodys_words() -> None:
    values = {
        "title": "办公电脑 A4",
        "amount": "1,234.50",
        "n": 3,
        "none": None,
        "people": [{"name": "王芳"}],
    }
    assert masked(values) == {
        "title": "某某某某 x0",
        "amount": "0,000.00",
        "n": 3,
        "none": None,
        "people": [{"name": "某某"}],
    }
