"""Secrets known by where they stand; the code that finds them names these rules."""

from triage.domain.redaction.rule import Rule

_BEGIN, _END = "-----BEGIN ", "-----END "
_PEM = "PRIVATE" + " KEY-----"

PRIVATE_KEY = Rule(
    id="private-key",
    description="Private keys in PEM, OpenSSH, PGP or PuTTY armour; also without an end or escaped",
    kind="PRIVATE_KEY",
    where="structure",
    matches=(
        f"{_BEGIN}RSA {_PEM}\nMIIBOgIBAAJBAK\n{_END}RSA {_PEM}",
        f'{{"value": "{_BEGIN}{_PEM}\\nMIIBOgIBAAJBAK\\n{_END}{_PEM}"}}',
        f"{_BEGIN}EC {_PEM}\nMHcCAQEEIBx",
    ),
    ignores=(f"{_BEGIN}CERTIFICATE-----\nMIIBOgIBAAJBAK\n{_END}CERTIFICATE-----",),
)
URL_PASSWORD = Rule(
    id="url-password",
    description="The password in a URL or a driver's connection string",
    kind="PASSWORD",
    where="structure",
    matches=(
        "postgresql+psycopg://app:hunter2!@db.svc:5432/auth",
        "redis://:hunter2!@cache:6379/0",
        "mongodb+srv://u:p%40ss/w@a.test,b.test/db",
        "app:hunter2!@tcp(db:3306)/auth",
        "https:\\/\\/u:hunter2!@code.test\\/x",
    ),
    ignores=("http://host.test:8080/path?mail=x", "hdfs://namenode:9000/a@b", "https://<%= @variable %>"),
)
WEBHOOK = Rule(
    id="webhook",
    description="Webhook addresses, whose path is the credential",
    kind="WEBHOOK",
    where="structure",
    matches=("POST https://hooks.slack" + ".com/services/T0K3J4/B0H5G6/k3j4h5g6f7 failed",),
    ignores=("GET https://hooks.slack" + ".com/ 200",),
)
BEARER = Rule(
    id="bearer",
    description="Bearer credentials wherever they stand",
    kind="TOKEN",
    where="structure",
    matches=("retrying with Bearer k3j4h5g6f7d8", "got Bearer k3j4h5g6f7d8s9 instead"),
    ignores=("Bearer token missing", "bearer authentication failed"),
)
BASIC = Rule(
    id="basic",
    description="Basic credentials wherever they stand",
    kind="AUTHORIZATION",
    where="structure",
    matches=("proxy said Basic am86aHVudGVyMiE= no",),
    ignores=("Basic authentication failed", "Basic realm"),
)
COMMAND_PASSWORD = Rule(
    id="command-password",
    description="Passwords given to a command: `curl -u`, `mysql -p`, `sshpass -p`, `docker login -p`",
    kind="PASSWORD",
    where="structure",
    matches=("curl -u jo:hunter2! https://x.test", "mysql -uroot -phunter2! db", "sshpass -p hunter2! ssh x"),
    ignores=('curl --user "$1:$2" "$3"', "mkdir -p /var/lib/x", "psql -p 5432"),
)
SQL_VALUE = Rule(
    id="sql-value",
    description="The value an INSERT gives to a secret column, and rows that a constraint refused",
    kind="PASSWORD",
    where="structure",
    matches=(
        "INSERT INTO users (name, password) VALUES ('jo', 'hunter2!')",
        "DETAIL:  Failing row contains (7, jo, hunter2!).",
    ),
    ignores=("INSERT INTO users (name, city) VALUES ('jo', 'Rome')",),
)
NAMED_VALUE = Rule(
    id="named-value",
    description="A refused value that a validation error repeats",
    kind="SECRET",
    where="structure",
    matches=(
        "on field 'password': rejected value [hunter2!];",
        "password\n  String too short [type=too_short, input_value='hunter2!', input_type=str]",
    ),
    ignores=(
        '{"name": "city", "value": "Rome"}',
        '{"loc":["body","city"],"input":"Rome"}',
        "on field 'city': rejected value [Rome];",
    ),
)

SENTENCE = Rule(
    id="sentence",
    description="What a sentence says the password, key or session is",
    kind="SECRET",
    where="structure",
    matches=(
        "the password for jo is 'k3j4h5g6'",
        "Incorrect API key provided: k3j4h5g6f7.",
        "session id k3j4h5g6f7d8s9a0b1 not found",
    ),
    ignores=(
        "the password is incorrect",
        "token was 12 bytes",
        "session id not found",
        "token expired yesterday",
    ),
)
URL_PARAMETER = Rule(
    id="url-parameter",
    description="Codes and keys in a query whose short names say little elsewhere",
    kind="TOKEN",
    where="structure",
    matches=("GET /callback?code=k3j4h5g6f7&state=x", "GET /maps?key=k3j4h5g6f7&x=1"),
    ignores=("GET /page?code=404&key=name",),
)

STRUCTURES: tuple[Rule, ...] = (
    PRIVATE_KEY,
    URL_PASSWORD,
    WEBHOOK,
    BEARER,
    BASIC,
    COMMAND_PASSWORD,
    SQL_VALUE,
    NAMED_VALUE,
    SENTENCE,
    URL_PARAMETER,
)
