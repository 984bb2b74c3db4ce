"""What an edited template may say: it shows values, chooses and repeats; it computes nothing.

MiniJinja's fuel ends endless loops, but not an expression that makes a text of gigabytes (`x ~ x ~ x`, blocks
that are set and doubled, `join`). So only what cannot grow is let in, before anything is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from shared.errors import Problem

TAGS = frozenset({"if", "elif", "else", "endif", "for", "endfor"})
FILTERS = frozenset({"default", "first", "int", "last", "length", "lower", "round", "title", "trim", "upper"})
TESTS = frozenset({"defined", "none"})
WORDS = frozenset({"and", "elif", "else", "for", "if", "in", "is", "not", "or"})
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    | (?P<text>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*')
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<sign>==|!=|<=|>=|[<>|.,()])""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_OPENING = re.compile(r"\{[{%#]")
_CLOSING = {"{{": re.compile(r"[-+]?\}\}"), "{%": re.compile(r"[-+]?%\}")}


class Token(NamedTuple):
    kind: str
    text: str
    line: int


class NotAllowed(Exception):
    """Something that a template may not say, with the line on which it stands."""

    def __init__(self, code: str, what: str, line: int) -> None:
        super().__init__(f"{code}: {what}")
        self.code, self.what, self.line = code, what, line


def check_language(source: str, pointer: str) -> Problem | None:
    """The first thing in a template that is not allowed, if there is one; its syntax is left to MiniJinja."""
    try:
        for opening, tokens in _pieces(source):
            _check(opening, tokens)
    except NotAllowed as refused:
        return Problem(
            refused.code,
            f"第 {refused.line} 行：模板中不允许使用 {refused.what}",
            pointer,
            f"line {refused.line}: {refused.what} is not allowed in a template",
        )
    return None


def _pieces(source: str) -> Iterator[tuple[str, list[Token]]]:
    """What stands in each `{{ … }}` and `{% … %}`; comments are passed over."""
    position = 0
    while (found := _OPENING.search(source, position)) is not None:
        if found.group() == "{#":
            end = source.find("#}", found.end())
            position = len(source) if end < 0 else end + 2
        else:
            tokens, position = _tokens(source, found.end(), found.group())
            yield found.group(), tokens


def _tokens(source: str, position: int, opening: str) -> tuple[list[Token], int]:
    tokens: list[Token] = []
    position += source[position : position + 1] in ("-", "+")
    while position < len(source):
        if (closing := _CLOSING[opening].match(source, position)) is not None:
            return tokens, closing.end()
        line = source.count("\n", 0, position) + 1
        found = _TOKEN.match(source, position)
        if found is None:
            raise NotAllowed("template_operator", f"“{source[position]}”", line)
        if found.lastgroup not in (None, "space"):
            tokens.append(Token(str(found.lastgroup), found.group(), line))
        position = found.end()
    return tokens, position


def _check(opening: str, tokens: list[Token]) -> None:
    if opening == "{%":
        _check_tag(tokens)
    before = Token("sign", "", 1)
    for token in tokens:
        found = token
        if token.kind == "name":
            found = _named(before, token)
        elif token.kind == "sign" and token.text == "(" and _is_called(before):
            raise NotAllowed("template_call", f"调用 {before.text}( ) (a call)", token.line)
        before = found


def _check_tag(tokens: list[Token]) -> None:
    if not tokens or tokens[0].text not in TAGS:
        said, line = (tokens[0].text, tokens[0].line) if tokens else ("", 1)
        raise NotAllowed("template_tag", f"{{% {said} %}}", line)


def _named(before: Token, token: Token) -> Token:
    """What a name is where it stands: a filter, a test, a word of the language, or a value."""
    if token.text.startswith("_"):
        raise NotAllowed("template_name", token.text, token.line)
    if before.text == "|":
        if token.text not in FILTERS:
            raise NotAllowed("template_filter", f"过滤器 {token.text} (filter)", token.line)
        return token._replace(kind="filter")
    if before.kind == "is":
        if token.text not in TESTS | {"not"}:
            raise NotAllowed("template_test", f"判断 is {token.text} (test)", token.line)
        return token._replace(kind="is" if token.text == "not" else "name")
    is_word = before.text != "." and token.text in WORDS
    return token._replace(kind=("is" if token.text == "is" else "word") if is_word else "name")


def _is_called(before: Token) -> bool:
    """Whether a parenthesis after this is the call of something; filters take theirs after their name."""
    return before.kind in ("name", "text", "number") or before.text == ")"
