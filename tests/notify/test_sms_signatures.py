"""The signatures of SMS providers: what their own clients have sent is right for the fakes, and so are we."""

from __future__ import annotations

from tests.notify.fakes import SMS_SECRET, Heard, acs3_signature, tc3_signature

# Recorded from the official client (tencentcloud-sdk-python-sms 3.1.153) with the secret `secretexample`.
TENCENT = Heard(
    path="/",
    query={},
    headers={
        "content-type": "application/json",
        "host": "127.0.0.1:35295",
        "x-tc-timestamp": "1795699434",
        "authorization": "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2026-11-26/sms/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=fcbb3be035e158b30caa1180e0f69577f7ecd67b3f784d8a8768e0100ac46040",
    },
    body=rb'{"PhoneNumberSet": ["+8613800138000"], "SmsSdkAppId": "1400006666", "TemplateId": "1110", '
    rb'"SignName": "\u91c7\u8d2d\u8ba1\u5212", "TemplateParamSet": ["\u529e\u516c\u7535\u8111\u91c7\u8d2d"], '
    rb'"SessionContext": "0190"}',
)
# Recorded from the official client (alibabacloud_dysmsapi20170525 4.6.0) with the same secret.
ALIYUN = Heard(
    path="/",
    query={
        "OutId": "0190",
        "PhoneNumbers": "13800138000",
        "SignName": "采购计划",
        "TemplateCode": "SMS_1",
        "TemplateParam": '{"title":"办公电脑 采购*~"}',
    },
    headers={
        "accept": "application/json",
        "host": "127.0.0.1:35295",
        "user-agent": "AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2",
        "x-acs-action": "SendSms",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-acs-credentials-provider": "static_ak",
        "x-acs-date": "2026-11-26T13:23:56Z",
        "x-acs-signature-nonce": "a0c2d21fb30cbbca2e83393f421635df",
        "x-acs-version": "2017-05-25",
        "authorization": "ACS3-HMAC-SHA256 Credential=AKIDEXAMPLE,SignedHeaders=accept;host;user-agent;"
        "x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;"
        "x-acs-version,Signature=a0f5e01b48a7c399581cc70de523f258893bff0cf94a0cbebc9364597360d157",
    },
    body=b"",
)


def test_what_the_official_clients_sign_is_right_for_the_fakes() -> None:
    for heard, signature in ((TENCENT, tc3_signature), (ALIYUN, acs3_signature)):
        signed = heard.headers["authorization"].rpartition("Signature=")[2]
        assert signature(heard, SMS_SECRET) == signed
        assert signature(heard, "another") != signed
