"""A secret beside its name goes, however the two are written."""

import pytest

from triage.domain.redaction import redact

WORD = "Zq7xK2m9"
LONG = "k3J4h5G6f7D8s9A0"

JSON = """
{"a":{"b":[{"password":"%s"}]}}
{"password" : "%s"}
{"Password":\t"%s"}
{"user_password":"a\\"%s"}
{"msg":"{\\"auth\\":{\\"token\\":\\"%s\\"}}"}
{"a":"{\\"b\\":\\"{\\\\\\"apiKey\\\\\\":\\\\\\"%s\\\\\\"}\\"}"}
{"api_keys":["%s","x2"]}
{"secrets":{"db":"%s","n":1}}
{"credentials":{"username":"jo","password":"%s"}}
{"set-cookie":["sid=%s; Path=/","b=2"]}
{"cookies":{"session":"%s"}}
{"headers":{"Authorization":["Bearer %s"]}}
{"headers":[["authorization","Bearer %s"],["accept","*/*"]]}
{"env":[{"name":"DB_PASSWORD","value":"%s"}]}
{"value":"%s","name":"API_TOKEN"}
{"k":"token","v":"%s"}
{"key":"Authorization","value":"Bearer %s"}
{"field":"password","rejectedValue":"%s"}
{"errors":[{"param":"password","msg":"too short","value":"%s"}]}
{"loc":["body","user","new_password"],"msg":"x","input":"%s"}
{"pass\\u0077ord":"%s"}
{"password":"%s
"""
CODE = """
{'password': '%s', 'x': 1}
User(name='jo', password='%s')
{b'authorization': b'Bearer %s'}
[(b'cookie', b'sid=%s; a=b')]
Headers({'x-api-key': '%s'})
&{User:jo Password:%s Host:x}
User(id=1, password=%s, name=x)
:password=>"%s"
map[password:%s user:jo]
[password] => %s
$config["db_password"] = "%s";
private String apiKey = "%s";
System.setProperty("ACME_TOKEN", "%s")
if user == "jo" and password == "%s":
export AWS_SECRET_ACCESS_KEY="%s"
ENV API_TOKEN %s
ACME_TOKEN ::= "%s"
ACME_TOKEN :::= "%s"
$acmeToken .= "%s"
acme_token <- "%s"
GITHUB_PAT=%s
-Ddb.password=%s
--from-literal=password=%s
"""
COMMANDS = """
--password %s
--password "%s"
--api-key %s --x
mysql -u root -p%s db
curl -u "jo:%s" https://x.test
curl -H 'X-Api-Key: %s' https://x.test
sshpass -p '%s' ssh
docker login -u jo -p %s registry.test
openssl enc -pass pass:%s
machine h login u password %s
"""
HEADERS = """
Authorization: Token token="%s"
authorization=Bearer+%s
Authorization: Digest username="jo", realm="x", response="%s"
Authorization: AWS4-HMAC-SHA256 Credential=x/20300101/eu/s3/aws4_request, SignedHeaders=host, Signature=%s
AUTHORIZATION:BEARER %s
Authorization: Bearer\t%s
X-Amz-Security-Token: %s
Set-Cookie: sid=%s; Path=/; HttpOnly
Cookie: a=1; session=%s
JSESSIONID=%s
{"session_id": "%s"}
x-csrf-token: %s
"""
ADDRESSES = """
https://jo:%s@host.test/x
redis://:%s@cache:6379
postgresql+psycopg://app:a/b%s@db.svc:5432/auth
jdbc:postgresql://h/db?user=x&password=%s
Server=h;Database=d;User Id=u;Password=%s;
host=h password='%s' dbname=d
GET /cb?code=%s&state=x
GET /x?api_key=%s HTTP/1.1
#access_token=%s&x=1
https://x.test/y?sig=%s&se=2
AccountKey=%s==;EndpointSuffix=x
u:%s@tcp(db:3306)/x
"""
MARKUP = """
  db_password: "%s"
password: |\\n  %s\\nuser: x
"password":\\n  "%s"
- name: API_TOKEN\\n  value: %s
<ns:apiKey>%s</ns:apiKey>
<acmeToken>\\n    %s\\n</acmeToken>
<password><![CDATA[%s]]></password>
<add key="ClearTextPassword" value="%s" />
<user password="%s" name="x"/>
ALTER USER x WITH PASSWORD '%s'
UPDATE users SET password='%s' WHERE id=1
INSERT INTO t (id, token) VALUES (1, '%s')
INSERT INTO t (id, token) VALUES ($1, $2) [parameters: (1, '%s')]
DETAIL:  Key (token)=(%s) already exists.
"""
HIDDEN = """
password%3D%s%26x
%22password%22%3A%22%s%22
&quot;password&quot;:&quot;%s&quot;
pass\u200bword=%s
pass\u00adword=%s
p\u0430ssword=%s
\uff30\uff21\uff33\uff33\uff37\uff2f\uff32\uff24\uff1d%s
password=\x1b[31m%s\x1b[0m user=jo
\x1b[1mpassword\x1b[0m: %s
"""
CELLS = """
password\t%s
user|password|%s|
| db_password | %s |
jo;password;%s;admin
ERROR token\t%s
"""
SENTENCES = """
the password for jo is '%s'
Incorrect API key provided: %s
token %s expired
session id %s not found
(token=%s)
token=[%s]
token=<%s>
token -> %s
token ?= %s
Token=%s.
"""


@pytest.mark.parametrize("secret", [WORD + "q!8", LONG])
@pytest.mark.parametrize(
    "form",
    [
        form.replace("\\n", "\n") if group is MARKUP else form
        for group in (JSON, CODE, COMMANDS, HEADERS, ADDRESSES, MARKUP, HIDDEN, CELLS, SENTENCES)
        for form in group.strip("\n").split("\n")
    ],
)
def test_a_named_secret_is_gone(form: str, secret: str) -> None:
    if secret != LONG and form in {*SENTENCES.split("\n"), *ADDRESSES.split("\n")}:
        secret = WORD * 2  # prose gives away only what no word looks like; a query ends at !
    redacted = redact(form.replace("%s", secret))

    assert secret not in redacted
    assert redact(redacted) == redacted


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("password=a&b!c request_id=7 status=401", ["request_id=7", "status=401"]),
        ("GET /v1?access_token=abc123&page=2 502", ["&page=2 502"]),
        (
            "Set-Cookie: sid=abc123; HttpOnly; SameSite=Strict request_id=7",
            ["HttpOnly; SameSite=Strict request_id=7"],
        ),
        (
            "connection failed: postgresql://app:s3cr3t@db.svc:5432/auth",
            ["postgresql://app:", "@db.svc:5432/auth"],
        ),
        ('{"authorization": {"scheme": "Bearer", "value": "abc"}}', ['"scheme": "Bearer"']),
        ("Authorization: Bearer abc123def attempt=3/5", ["Bearer ", "attempt=3/5"]),
        ("\\nTOKEN=abc123def\\nBACKUP=true", ["\\nBACKUP=true"]),
        ("?token=abc123\\u0026page=2", ["\\u0026page=2"]),
    ],
)
def test_what_stands_beside_a_secret_stays(line: str, kept: list[str]) -> None:
    redacted = redact(line)

    assert "<" in redacted
    for part in kept:
        assert part in redacted


def test_the_letter_of_a_written_out_line_feed_is_no_part_of_what_follows() -> None:
    assert redact("to\\njane@mail.test") == "to\\n<EMAIL_1>"


@pytest.mark.parametrize(
    ("line", "redacted"),
    [
        ("4000000000000002", '"<CARD_1>"'),
        ('{"password": ["a1b2\\\\", 27489]}', '{"password": ["<PASSWORD_3>", "<PASSWORD_2>"]}'),
        ('{"pin": 4821, "n": 7}', '{"pin": "<CODE_1>", "n": 7}'),
    ],
)
def test_a_number_in_json_leaves_a_string(line: str, redacted: str) -> None:
    assert redact(line) == redacted


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("password=Tr0ub4dor[3", "Tr0ub4dor[3"),
        ("password=[hunter2!]", "hunter2!"),
        ("password=#red-fox-token-2", "#red-fox-token-2"),
        ("password=xxhunter2xx", "xxhunter2xx"),
        ('{"password": "300s"}', "300s"),
        ('{"password": "1e3"}', "1e3"),
        ("password=%Hunter2%", "%Hunter2%"),
        ('password="<hunter 2!>"', "hunter 2!"),
        ("password=00000000", "00000000"),
        ("token=sk_live_xxxxxxxxxxxxxxxxxxxx", "sk_live_xxxxxxxxxxxxxxxxxxxx"),
        ("q=config+token+hf_" + "aBcDeFgHiJ" * 3, "aBcDeFgHiJ"),
        ("peer ::ffff:10.1.2.3 gone", "10.1.2.3"),
        ("ico-" + LONG * 2 + ". That is all", LONG),
    ],
)
def test_what_only_resembles_a_placeholder_is_taken(line: str, secret: str) -> None:
    assert secret not in redact(line)
