"""A trade system signs in at directory with its service account and reports to plans, both as they run."""

from __future__ import annotations

from typing import Any

from shared.database import new_id
from tests.world import World


def test_a_service_account_of_directory_reports_to_plans(world: World) -> None:
    def post(path: str, body: Any, token: str = "") -> Any:
        headers = {"Idempotency-Key": str(new_id())}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return world.http.post(f"/api/{path}", json=body, headers=headers)

    lines = (world.settings.data_dir / "first-admin").read_text().splitlines()
    first = dict(line.split(": ", 1) for line in lines)
    password = "a quiet river 2026"
    world.http.put("/api/directory/password", json={**first, "new_password": password})
    signed_in = post("directory/session", {"login": first["login"], "password": password})
    admin = signed_in.json()["access_token"]
    account = post(
        "directory/service-accounts", {"name": "交易系统", "district_code": "140100"}, admin
    ).json()
    secret = {"id": account["id"], "secret": account["secret"]}
    token = post("directory/service-accounts/token", secret).json()["access_token"]
    world.settle()

    path = f"plans/trades/{new_id()}/award"
    assert post(path, {"amount": "1.00"}, token).json()["code"] == "not_found"
    assert post(path, {"amount": "1.00"}, admin).json()["code"] == "service_account_required"
    assert post("plans/plans", {"fiscal_year": 2026}, token).json()["code"] == "token_invalid"

    headers = {"Authorization": f"Bearer {admin}", "Idempotency-Key": str(new_id()), "If-Match": '"v1"'}
    ended = f"/api/directory/service-accounts/{account['id']}/deactivate"
    assert world.http.post(ended, headers=headers).json()["active"] is False
    world.settle()
    refused = post(path, {"amount": "1.00"}, token)
    assert (refused.status_code, refused.json()["code"]) == (401, "account_inactive")
    read = world.http.get(f"/api/plans/trades/{new_id()}", headers={"Authorization": f"Bearer {token}"})
    assert read.json()["code"] == "account_inactive"
