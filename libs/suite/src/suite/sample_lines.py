"""The records of the sample log as templates, each with how often it comes beside the others of its kind."""

QUIET = {
    '{client} - - [{access}] "GET {route} HTTP/1.1" {status} {number_90000} "-" "Mozilla/5.0"': 55,
    '{{"timestamp": "{iso}", "level": "info", "service": "checkout", "event": "order placed", '
    '"order": {number_90000}, "user": "{email}", "trace_id": "{trace}"}}': 18,
    "time={iso} level=info service=cart msg=updated items={number_9} took={number_90}ms": 14,
    'I{klog} 1 scaler.go:{number_400}] "Scaled" deployment="shop/cart" replicas={number_8}': 8,
    "{comma} WARNING stock.cache slow read: {number_900} ms": 5,
}

_PYTHON = """\
{comma} ERROR payments.worker could not charge order {number_90000} for {email} card={card}
Traceback (most recent call last):
  File "/app/payments/worker.py", line 88, in charge
    receipt = gateway.capture(order, token=token)
  File "/app/payments/gateway.py", line 41, in capture
    raise CardDeclined(order.id, reason)
payments.errors.CardDeclined: order {number_90000} declined by acquirer (code 05)"""

_JAVA = """\
{comma} ERROR [http-nio-8080-exec-{number_20}] c.e.inventory.StockService - Reservation failed
java.util.concurrent.TimeoutException: no connection within 3000 ms (active 20, waiting {number_90})
\tat com.example.inventory.Pool.borrow(Pool.java:117)
\tat com.example.inventory.StockService.reserve(StockService.java:62)
\tat com.example.inventory.Api.post(Api.java:33)
Caused by: java.sql.SQLTransientConnectionException: postgresql://stock:{word_20}@db.example.com/stock
\t... 14 more"""

_POSTGRES = """\
{dot} [{number_9000}] ERROR:  deadlock detected
{dot} [{number_9000}] DETAIL:  Process {number_9000} waits for ShareLock on transaction {number_90000}.
{dot} [{number_9000}] STATEMENT:  UPDATE stock SET held = held + 1 WHERE sku = 'SKU-{number_90000_b}'"""

_NGINX = (
    "{slash} [error] 31#31: *{number_90000} connect() failed (111: Connection refused) while connecting "
    'to upstream, client: {client}, server: shop.example.com, request: "POST /checkout?token={word_24} '
    'HTTP/1.1", upstream: "http://{server}:9000/checkout"'
)

_WEBHOOK = (
    '{{"timestamp": "{iso}", "level": "error", "service": "webhooks", "event": "webhook rejected", '
    '"status": 401, "headers": {{"authorization": "Bearer {word_36}.{word_60}.{word_43}", '
    '"x-forwarded-for": "{client}"}}, "trace_id": "{trace}"}}'
)

_QUEUE = (
    '{{"timestamp": "{iso}", "level": "critical", "service": "checkout", '
    '"event": "queue full, orders are being dropped", "depth": {number_90000}, "trace_id": "{trace}"}}'
)

_MAIL = 'time={iso} level=error service=mailer msg="mail not sent" to={email} api_key=key-{word_32}'

LOUD = {_PYTHON: 30, _JAVA: 22, _NGINX: 20, _WEBHOOK: 12, _POSTGRES: 8, _MAIL: 5, _QUEUE: 3}
