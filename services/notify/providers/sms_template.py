"""SMS providers that send their own approved templates: which template tells what, with which values."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.notify.letter import Letter
from shared.http import Body

VALUE_LENGTH = 35
"""Characters that both providers take for a value."""
Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[\w-]+$")]

Value = Annotated[str, Field(pattern=r"^(title|body|name)$")]


class ApprovedTemplate(Body):
    """A template that the provider has approved; `values` are `title`, `body`, `name` in its order, `names`
    what the template calls them where it does so."""

    code: Code
    values: Annotated[list[Value], Field(max_length=3)] = Field(default_factory=lambda: ["title"])
    names: Annotated[list[Annotated[str, Field(pattern=r"^\w{1,40}$")]], Field(max_length=3)] = Field(
        default_factory=list
    )

    def filled(self, letter: Letter) -> list[str]:
        """The values of a letter, each as long as providers take; never with a line break."""
        texts = {"title": letter.title, "body": letter.body, "name": letter.name}
        return [" ".join(texts[name].split())[:VALUE_LENGTH] for name in self.values]


class Templates(Body):
    """One template for everything, and others for certain kinds of messages."""

    template: ApprovedTemplate
    by_kind: Annotated[dict[str, ApprovedTemplate], Field(max_length=100)] = Field(default_factory=dict)

    def of(self, letter: Letter) -> ApprovedTemplate:
        return self.by_kind.get(letter.kind, self.template)
