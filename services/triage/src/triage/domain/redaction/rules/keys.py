"""Names of keys whose values are secret, as patterns over the normalised name (see `names`)."""

from triage.domain.redaction.rule import Rule

# What may follow the telling word without changing what the value is.
_TAIL = (
    r"(?:_(?:value|val|raw|text|txt|string|str|b64|base64|hex|enc|encrypted|encoded|plain|plaintext|header|hdr"
    r"|new|old|prev|previous|prod|production|dev|test|live|staging|stage|env|data|content|param|field|input|attr"
    r"|confirm|confirmation|again|repeat|hash|digest|salt|sec|main|primary|secondary|default|local|remote|base|\d+|[a-z]))*_?\d*$"
)


def _key(
    name: str, kind: str, pattern: str, description: str, matches: tuple[str, ...], ignores: tuple[str, ...]
) -> Rule:
    return Rule(
        id=f"key-{name}",
        description=description,
        kind=kind,
        where="key",
        pattern=pattern + _TAIL,
        validator="random" if name in {"other", "signature"} else "",
        matches=matches,
        ignores=ignores,
    )


HARMLESS = (
    r"(?:^|_)(?:public_?key_?token|(?:issuer|subject|public|responder)_?key_?hash|(?:max|min|num|total|prompt|completion|input|output|cached|n|new|used|remaining)_?tokens?"
    r"|tokens|(?:next|page|next_page|continuation|cancellation|sync|resume|scroll|unexpected|invalid|missing|bad|stop|eos|bos|pad|unk)_?token"
    r"|(?:primary|foreign|partition|sort|cache|sequence|public|pub|idempotency|row|hash|index|map|host|registry|object|s3|routing"
    r"|group|dict|json|config|message|event|item|unique|range|shard|lookup|i18n|translation|context|redis|lock|metric)_?key"
    r"|(?:passed|bypass|compass|by_?pass|single_pass|first_pass|second_pass|key_?id|kid|session|sessions))$"
)
"""Names that hold a telling word and yet nothing secret. `tokens` alone is a count unless it holds a list."""

KEYS: tuple[Rule, ...] = (
    _key(
        "password",
        "PASSWORD",
        r"(?:pass_?word|passwd|pass_?phrase|pass_?code|passwort|kennwort|contrasena|mot_?de_?passe|pwd|pswd|passw"
        r"|(?:^|_)(?:pass|pw|psw|psswd|mdp)|(?:user|db|root|admin|my|smtp|ftp|mail|http|proxy|redis|ssh|login|sql|pg|svc)_?pass)",
        "Passwords and passphrases",
        (
            "login failed username=jo password=hunter2! request_id=7",
            '{"body": {"user": {"newPassword": "U@v^@8x"}}}',
            '{"msg": "body: {\\"password\\": \\"hunter2!\\"}"}',
            "boot config dbPassword=Xy_77 mode=prod",
            "--db-password hunter2!",
            "<password>hunter2!</password>",
            "IDENTIFIED BY 'hunter2!'",
            "PGPASSWORD=hunter2! psql",
            "name: DB_PASSWORD\n  value: hunter2!",
            '{"detail":[{"loc":["body","password"],"input":"hunter2!"}]}',
            "user|password|hunter2!|",
        ),
        (
            "Failed password for root from host",
            "3/5 password attempts used",
            "pass=3 fail=1",
            "password: null",
        ),
    ),
    _key(
        "code",
        "CODE",
        r"(?:^|_)(?:pin|pin_?code|cvv|cvc|cvv2|csc|security_?code|otp|totp|mfa_?code|otp_?code|one_?time_?(?:code|password)"
        r"|verification_?code|recovery_?code|backup_?code|auth_?code|authorization_?code|activation_?code)",
        "One-time codes, card security codes and PINs",
        ("otp=481516", '{"cvv": "7041"}', "verification code: 481516"),
        ("ping=48", "status code: 500"),
    ),
    _key(
        "session",
        "SESSION",
        r"(?:sess(?:ion)?_?(?:id|key|cookie)|j_?session_?id|php_?sess_?id|sessid|(?:^|_)(?:sid|sess))",
        "Session identifiers",
        ("sessionid=k3j4h5g6f7d8", "JSESSIONID=A1B2C3D4E5F6A7B8", "session ID: k3j4h5g6f7d8"),
        ("session opened for user root", "Session: started"),
    ),
    _key(
        "authorization",
        "AUTHORIZATION",
        r"(?:^|_)(?:authorization|authorisation|proxy_?auth(?:orization)?|http_authorization|auth_?header)",
        "Authorization headers",
        (
            "Authorization: Bearer abc123def456",
            "authorization: token k3j4h5g6",
            '{"authorization": {"scheme": "Bearer", "value": "mlm9iqkm"}}',
            "AUTHORIZATION:BEARER abc123def456",
        ),
        ("missing authorization metadata", "authorization: failed for user"),
    ),
    _key(
        "cookie",
        "COOKIE",
        r"(?:^|_)(?:set_)?cookies?2?",
        "Cookie values; their names and attributes stay",
        ("Cookie: theme=k3j4; id=h5g6f7", "Set-Cookie: refresh=5zeUYH1v; HttpOnly; Path=/"),
        ("cookie: missing", "cookies: disabled"),
    ),
    _key(
        "secret",
        "SECRET",
        r"(?:secrets?|secret_?(?:access_?)?key|secretkey|(?:signing|encryption|master|private|hmac|crypto|cipher|aes|session_?signing"
        r"|signature|decryption|root|jwt|ssh|rsa|cos|gpg)_?key|private_?key_?(?:pem|data)|connection_?string|conn_?str)",
        "Secrets, signing and encryption keys",
        (
            "client_secret=k3j4h5g6 status=401",
            "Secret: 'blue#orange'",
            "aws_secret_access_key => k3j4h5g6f7",
            "--secret=k3j4",
        ),
        ('secret "gateway-tls" not found', "secret_length = 32", 'msg="secretary service restarted"'),
    ),
    _key(
        "api-key",
        "API_KEY",
        r"(?:api_?key|apikey|access_?key(?:_?id)?|app_?key|subscription_?key|account_?key|storage_?key|shared_?key|license_?key"
        r"|service_?key|integration_?key|auth_?key|functions?_?key|host_?key_?value|instrumentation_?key|api_?keys|(?:art|jfrog)_api)",
        "API and access keys",
        (
            '{"headers": {"X-Api-Key": "k3j4h5g6"}}',
            "AccountKey=k3j4h5g6==;EndpointSuffix=x",
            '[["x-api-key", "k3j4h5"]]',
            '{"headers": [{"name": "X-Api-Key", "value": "k3j4h5g6"}]}',
            '<add key="ApiKey" value="k3j4h5g6"/>',
        ),
        ("api key missing", "accesskeys rotated"),
    ),
    _key(
        "token",
        "TOKEN",
        r"(?:tokens?|(?:git\w*|azure|devops|jira|npm|access)_pat|(?:^|_)(?:jwt|bearer|assertion|saml_?response|saml_?request|code_?verifier|csrf|xsrf|sas|id_?tok|refresh|nonce_secret))",
        "Tokens of every name",
        (
            "request_id=7 token=k3j4h5g6 status=401",
            'invalid credentials (token: "k3j4h5g6") while calling',
            "GET /v1?access_token=07402b&page=2",
            '{"tokens": ["k3j4h5g6", "f7d8s9a0"]}',
            "headers=[('x-auth-token', 'k3j4h5g6')]",
        ),
        (
            "tokenizer=cl100k_base",
            "max_tokens=8192",
            "PublicKeyToken=b77a5c561934e089",
            "unexpected token: '}'",
        ),
    ),
    _key(
        "credentials",
        "SECRET",
        r"(?:^|_)(?:credentials?|creds?)",
        "Credentials by that name",
        ("credentials=jo:hunter2!",),
        ("credentials: expired",),
    ),
    _key(
        "auth",
        "TOKEN",
        r"(?:^|_)(?:auth|authn|authentication|passkey|basic_?auth|(?:redis(?:cli)?|npm)_?auth)",
        "What is called auth and holds a value",
        ("REDISCLI_AUTH=k3j4h5g6", '"kerberos_authentication": "k3j4h5g6f7d8s9a0"'),
        ("pam_unix(sshd:auth): authentication failure", "auth: failed"),
    ),
    _key(
        "signature",
        "SIGNATURE",
        r"(?:^|_)(?:signature|sig|hmac|x_hub_signature|oauth_signature|amz_signature|amz_credential)",
        "Request signatures",
        ("oauth_signature=k3j4h5g6f7d8s9a0b1c2", "?sig=k3j4h5g6f7d8s9a0b1c2&x=1"),
        ("signature: invalid", "sig=11"),
    ),
    _key(
        "government-id",
        "SSN",
        r"(?:^|_)(?:ssn|social_?security(?:_?(?:number|no))?|tax_?id|national_?id|nino|passport(?:_?(?:number|no))?)",
        "Government identifiers by name",
        ('{"ssn": "536228146"}', "passport_number=X1234567"),
        ("ssn: missing",),
    ),
    _key(
        "phone",
        "PHONE",
        r"(?:^|_)(?:phone|phone_?(?:number|no)|mobile|mobile_?(?:number|no|phone)|telephone|tel|msisdn|cell_?phone|fax)",
        "Telephone numbers by name",
        ("phone=4155550199", '{"msisdn": "4915550123456"}'),
        ("phone: missing", "tel=1"),
    ),
    _key(
        "account-number",
        "CARD",
        r"(?:^|_)(?:card_?(?:number|no|num)|cc_?(?:number|no|num)|pan|account_?(?:number|no)|iban|bank_?account|routing_?number)",
        "Card and account numbers by name, whatever their checksum",
        ("card_number=4000000000000009", '{"iban": "DE00512108001245126199"}'),
        ("pan: missing",),
    ),
    _key(
        "other",
        "SECRET",
        r"(?:^|_)keys?",
        "Any other key whose value looks random",
        ("ADAFRUIT_IO_KEY = k3j4h5g6f7d8s9a0", "<Key>17205d79-1ead-4eef-a311-26312ad6ea36</Key>"),
        ("key=user:17", "sequenceKey = 18", "cache key: abc"),
    ),
)
