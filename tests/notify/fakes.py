"""Fakes of providers: local HTTP servers built from the providers' documents, that verify what they are sent.

They answer as the documents say, refusals mostly with HTTP 200; nobody has compared them with the real ones.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit


@dataclass
class Heard:
    """A request as it arrived."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Judge = Callable[[Heard], Any]
"""Answers with an object (HTTP 200), or with `(status, object)`."""


@dataclass
class Fake:
    """A provider: its address, what it took, what it refused, and what it is told to answer instead."""

    judge: Judge
    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    """Given one after the other before the judge is asked; a callable gets the connection's handler."""

    @property
    def texts(self) -> list[Any]:
        return [heard.json for heard in self.heard]


class _Handler(BaseHTTPRequestHandler):
    fake: Fake
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        address = urlsplit(self.path)
        heard = Heard(
            address.path,
            {name: values[0] for name, values in parse_qs(address.query).items()},
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        answer = self.fake.answers.pop(0) if self.fake.answers else self.fake.judge(heard)
        if callable(answer):
            return answer(self)  # type: ignore[no-any-return]
        self.fake.heard.append(heard)
        status, content = answer if isinstance(answer, tuple) else (200, answer)
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def fake(judge: Judge) -> Iterator[Fake]:
    """A provider on a free port of this machine."""
    made = Fake(judge)
    handler = type("Handler", (_Handler,), {"fake": made})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Has heard the request, and is gone before it answers."""
    handler.close_connection = True
    handler.connection.close()


KEY, SECRET = "robot-key-1", "SEC-robot-secret"


def wecom(heard: Heard) -> Any:
    """https://developer.work.weixin.qq.com/document/path/91770"""
    if heard.path != "/cgi-bin/webhook/send" or heard.query.get("key") != KEY:
        return {"errcode": 93000, "errmsg": "invalid webhook url"}
    if heard.json["msgtype"] != "text" or len(heard.json["text"]["content"].encode()) > 2048:
        return {"errcode": 40058, "errmsg": "invalid argument"}
    return {"errcode": 0, "errmsg": "ok"}


def dingtalk(heard: Heard) -> Any:
    """https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages"""
    if heard.path != "/robot/send" or heard.query.get("access_token") != KEY:
        return {"errcode": 300001, "errmsg": "token is not exist"}
    stamp = heard.query.get("timestamp", "")
    if heard.query.get("sign") != _signed(SECRET, f"{stamp}\n{SECRET}"):
        return {"errcode": 310000, "errmsg": "sign not match, more: [https://ding-doc.dingtalk.com]"}
    if "content" not in heard.json.get("text", {}):
        return {"errcode": 40035, "errmsg": "缺少参数 text"}
    return {"errcode": 0, "errmsg": "ok"}


def feishu(heard: Heard) -> Any:
    """https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot"""
    if heard.path != f"/open-apis/bot/v2/hook/{KEY}":
        return 400, {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}
    if heard.json.get("sign") != _signed(f"{heard.json.get('timestamp')}\n{SECRET}", ""):
        return {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
    if heard.json.get("msg_type") != "text":
        return {"code": 9499, "msg": "Bad Request"}
    return {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}


def _signed(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


def tencent_sms(heard: Heard) -> Any:
    """https://cloud.tencent.com/document/api/382/55981, signed by API 3.0"""
    if heard.headers["authorization"].rpartition("Signature=")[2] != tc3_signature(heard, SMS_SECRET):
        return _tencent({"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "签名错误"}})
    if heard.headers["x-tc-action"] == "PullSmsSendStatusByPhoneNumber":
        return _tencent({"PullSmsSendStatusSet": []})
    (phone,) = heard.json["PhoneNumberSet"]
    status = {
        "SerialNo": f"2640:{phone[-4:]}",
        "PhoneNumber": phone,
        "SessionContext": heard.json["SessionContext"],
        "Code": "Ok"
        if heard.json["TemplateId"] == "1110"
        else "FailedOperation.TemplateIncorrectOrUnapproved",
        "Message": "send success",
    }
    return _tencent({"SendStatusSet": [status]})


def aliyun_sms(heard: Heard) -> Any:
    """https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms, signed by V3"""
    if heard.headers["authorization"].rpartition("Signature=")[2] != acs3_signature(heard, SMS_SECRET):
        return 400, {"Code": "SignatureDoesNotMatch", "Message": "Specified signature is not matched"}
    if heard.headers["x-acs-action"] == "QuerySendDetails":
        return {"Code": "OK", "TotalCount": "0", "SmsSendDetailDTOs": {"SmsSendDetailDTO": []}}
    if heard.query["TemplateCode"] != "SMS_1110":
        return {"Code": "isv.SMS_TEMPLATE_ILLEGAL", "Message": "模版不合法(不存在或被拉黑)"}
    return {"Code": "OK", "Message": "OK", "BizId": "900619746936498440^0", "RequestId": "F655A8D5"}


def gateway(heard: Heard) -> Any:
    """A gateway of the usual kind, with a password in the body."""
    if heard.json["password"] != SMS_SECRET:
        return {"code": "102", "message": "密码错误"}
    return {"code": "0", "message": "ok", "data": {"msgid": f"m-{heard.json['mobile']}"}}


SMS_SECRET = "secretexample"


def _tencent(content: dict[str, Any]) -> dict[str, Any]:
    return {"Response": content | {"RequestId": "fake"}}


def tc3_signature(heard: Heard, secret: str) -> str:
    """The signature of a request, by the description of TC3-HMAC-SHA256."""
    scope = heard.headers["authorization"].partition("Credential=")[2].partition(",")[0].partition("/")[2]
    signed = ["content-type", "host"]
    lines = [f"{name}:{heard.headers[name]}" for name in signed]
    digest = hashlib.sha256(heard.body).hexdigest()
    whole = "\n".join(["POST", "/", "", *lines, "", ";".join(signed), digest])
    stamp = heard.headers["x-tc-timestamp"]
    to_sign = "\n".join(["TC3-HMAC-SHA256", stamp, scope, hashlib.sha256(whole.encode()).hexdigest()])
    key = b"TC3" + secret.encode()
    for part in (*scope.split("/"), None):
        message = to_sign if part is None else part
        key = hmac.new(key, message.encode(), hashlib.sha256).digest()
    return key.hex()


def acs3_signature(heard: Heard, secret: str) -> str:
    """The signature of a request, by the description of ACS3-HMAC-SHA256."""
    names = heard.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    query = "&".join(
        f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(heard.query.items())
    )
    lines = [f"{name}:{heard.headers[name].strip()}" for name in names]
    digest = hashlib.sha256(heard.body).hexdigest()
    whole = "\n".join(["POST", heard.path, query, *lines, "", ";".join(names), digest])
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(whole.encode()).hexdigest()}"
    return hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
