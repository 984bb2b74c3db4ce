"""Service accounts at the routes of trades: which of them report, and on which plans."""

from __future__ import annotations

from shared.database import new_id
from tests.plans.town import Town


def test_outcomes_come_from_a_service_account_only(shared_town: Town) -> None:
    town = shared_town
    trade = town.trade(town.usable(), "10.00")
    for who in (town.lin, town.qian, town.platform):
        for outcome, body in [("award", {"amount": "1.00"}), ("fail", {"reason": "x"})]:
            answer = town.ask(who, "POST", f"trades/{trade['id']}/{outcome}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "service_account_required")
    url = f"trades/{trade['id']}/award"
    key = {"Idempotency-Key": "k"}
    assert town.http.post(url, json={"amount": "1.00"}, headers=key).json()["code"] == "not_signed_in"
    broken = {**key, "Authorization": "Bearer x.y.z"}
    assert town.http.post(url, json={"amount": "1.00"}, headers=broken).json()["code"] == "token_invalid"
    old = {**key, "Authorization": f"Bearer {town.token(town.program, town.bureau, kind='service', exp=1)}"}
    assert town.http.post(url, json={"amount": "1.00"}, headers=old).json()["code"] == "token_expired"
    account = {"Authorization": f"Bearer {town.token(town.program, town.bureau, kind='service')}"}
    no_key = town.http.post(url, json={"amount": "1.00"}, headers=account)
    assert (no_key.status_code, no_key.json()["code"]) == (428, "idempotency_key_required")
    seen = town.http.get(f"trades/{trade['id']}", headers=account).json()
    assert (seen["trade"]["state"], seen["plan"]["committed"]) == ("live", "10.00")
    assert town.http.get(f"trades/{new_id()}", headers=account).status_code == 404
    assert town.ask(town.lin, "GET", f"trades/{trade['id']}").status_code == 403


def test_a_service_account_reaches_the_trades_of_its_district_and_below(town: Town) -> None:
    trade = town.trade(town.usable(), "10.00")
    for path in ("/140000/140200/", "/140000/140100/140105/"):
        elsewhere = town.account("外地交易系统", path)
        for outcome, body in [("award", {"amount": "1.00"}), ("fail", {"reason": "x"})]:
            assert town.report(trade, outcome, program=elsewhere, **body).status_code == 404
        headers = {"Authorization": f"Bearer {town.token(elsewhere, town.bureau, kind='service')}"}
        assert town.http.get(f"trades/{trade['id']}", headers=headers).status_code == 404
    for path in ("/140000/", ""):  # the province, and an account from before districts were asked for
        above = town.account("省交易系统", path)
        assert town.report(trade, "reverse", program=above, reason="x").json()["code"] == "wrong_trade_state"
    assert town.report(trade, "fail", program=above, reason="流标").status_code == 200


def test_a_service_account_that_is_not_told_of_yet_tries_again(town: Town) -> None:
    trade = town.trade(town.usable(), "10.00")
    fresh = new_id()
    early = town.report(trade, "award", program=fresh, amount="1.00")
    assert (early.status_code, early.json()["code"]) == (401, "account_not_known_yet")
    assert early.headers["retry-after"] == "1"
    town.account("新系统", "/140000/140100/", account_id=fresh)
    assert town.report(trade, "award", program=fresh, amount="1.00").status_code == 200


def test_a_service_account_is_nobody_in_the_routes_of_people(shared_town: Town) -> None:
    town = shared_town
    plan = town.usable()
    headers = {"Authorization": f"Bearer {town.token(town.program, town.hospital, kind='service')}"}
    assert town.http.get(f"plans/{plan['id']}", headers=headers).status_code == 401
