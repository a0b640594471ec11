"""Ordinary log lines come through as they are."""

import pytest

from triage.domain.redaction import redact

LINES = """
E1123 10:11:12.000000 1 reflector.go:147] failed to list *v1.Secret: secrets is forbidden: User "system:sa"
MountVolume.SetUp failed for volume "tls" : secret "gateway-tls" not found
key "password" missing in secret
java.lang.NullPointerException: Cannot invoke "acme.TokenStore.get(String)" because "this.tokenStore" is null
	at com.acme.auth.TokenFilter.doFilter(TokenFilter.java:87) ~[app.jar:1.2.3]
SyntaxError: Unexpected token < in JSON at position 0
FATAL:  password authentication failed for user "app"
ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: YES)
An error occurred (ExpiredToken) when calling the GetObject operation: The provided token has expired.
level=info msg="token refreshed" expires_in=3600 token_type=Bearer scope=read
{"event":"login","auth":true,"session":null,"cookies":2,"tokens":8192,"tokens_used":17,"max_tokens":4096}
{"usage":{"prompt_tokens":1234,"completion_tokens":56,"total_tokens":1290}}
cache miss key=session:user:42 ttl=300
Key (id)=(42) already exists.
S3 key: uploads/2024/01/01/report-final-v2.pdf
Redis key auth:tokens:refresh:42 expired
trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7
X-Request-Id: 3f9a1c07-be52-4846-9a1c-07be52d8463f
pulled app@sha256:9b2f1c6d0f0a4b7e8c1d2e3f405162738495a6b7c8d9eaf0b1c2d3e4f5061728
Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537
Oracle Database 19c Enterprise Edition Release 19.0.0.0.0
openjdk version "17.0.9.1" 2023-10-17
    password = request.form["password"]
    self.password = password
    secret = os.environ["SECRET_KEY"]
    headers = {"Authorization": f"Bearer {token}"}
KeyError: 'api_key'
CRON[123]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)
sshd[20964]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh
audit: type=1400 audit(1700000000.123:456): apparmor="DENIED" operation="open" profile="snap.x" comm="auth"
user_id=1234567890123456789 bytes=3865470566 latency=1.2345678901234567
which had sessionid 0x14ed93111f20099
authorization=true auth.enabled=true oauth2.client.registration=google
"GET /api/v1/users/42/tokens?limit=10&page=2 HTTP/1.1" 200 1234
test_2_some_long_python_test_name_that_is_long_here PASSED
com.acme.platform.authentication.internal.DefaultAuthenticationTokenProvider$$Enhancer$$3f9a1c07
std::vector<int>::at: __n (which is 5) >= this->size() (which is 3)
The password must contain at least 15 characters.
csrf token missing or incorrect
nginx: bind() to 0.0.0.0:443 failed (98: Address already in use)
assembly Foo, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089
signature verification failed
sid=42 pid=17 tid=3
cloning git@code.test:team/repo
password\tvarchar(255)\tNOT NULL
id|password|created_at2|login.count|
name;password;e-mail;role2
password\t2026-11-02T08:14:33
String token;Object[] rest2;
fetch token;attempt#2 of 3!
curl --user app:[PASSWORD] http://[HOST]:7474/data/
Authorization: Bearer [TOKEN]
password=<PASSWORD> token=<Your-Token> secret=#{secret} api_key=%API_KEY% pwd=@DB_PWD@ pass=__DB_PASS__
password=$(cat /run/secrets/db)
    password = ENV['DB_PASSWORD']
    password = request.json_body['password']
secret: !Ref DbSecret
csrf=disabled token=expired session_id=invalid
tenant_key=00000000-0000-0000-0000-000000000000 InstrumentationKey=00000000-0000-0000-0000-000000000000
api_key=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx
password=xxxxxxxxxxxxxxxxxxxxxxxx
issuerKeyHash=3f9a1c07be52d8463f9a1c07be52d8463f9a1c07
this.showPassword = '#show-password';
token = "<xs:element name="Postcode" type="tns:PostcodeType"/>"
GET /static/logo.ico-3f9a1c07be52d8463f9a1c07be52d846.png 200
GET /static/vendor.key-3f9a1c07be52d8463f9a1c07be52d846.js 200
loaded js.stripe.test with pk_live_a7Bq2Zr9Kd4Xw1Lm6Pt3Vn8Y
got ntn_48201937564820193756482019375648201937564820193756
set it to xoxb-your-token-here or to sk_live_xxxxxxxxxxxxxxxxxxxx
...2Zr9Kd4/w1LmPt3VnQ+EZAK7Bq2Zr9Kd4Xw1Lm6Pt3Vn8Yc5Hs0Gfa7Bq2Zr9Kd4Xw1Lm6Pt3Vn8Yc5Hs0Gf...
""".strip("\n").split("\n")


@pytest.mark.parametrize("line", LINES)
def test_a_line_without_a_secret_is_unchanged(line: str) -> None:
    assert redact(line) == line


def test_ordinary_lines_are_unchanged_in_each_others_company() -> None:
    assert redact("\n".join(LINES)) == "\n".join(LINES)
