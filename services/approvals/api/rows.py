"""Acts on many slots in one request: each row is tried like a request of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import Response

from services.approvals.batch_schemas import ResultShape
from services.approvals.slot_schemas import DecisionShape
from shared.web import problem_body, refusal_of

Result = TypeVar("Result", bound=ResultShape)


def tried(kind: type[Result], request: Request, act: Callable[[], Response], **about: Any) -> Result:
    """What an act in a transaction of its own has led to, or why it was refused."""
    try:
        answer = act()
    except Exception as error:
        refusal = refusal_of(request, error)
        return kind(**about, status=refusal.status, problem=problem_body(request, refusal))
    made = DecisionShape.model_validate_json(bytes(answer.body))
    return kind(**about, status=answer.status_code, etag=answer.headers["etag"], decision=made)


def counted(results: Sequence[Result]) -> dict[str, Any]:
    """Results with how many of them succeeded."""
    done = sum(one.problem is None for one in results)
    return {"succeeded": done, "failed": len(results) - done, "results": list(results)}
