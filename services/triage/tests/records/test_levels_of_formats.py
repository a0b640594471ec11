"""One made-up line per format and level, and what the format's own manual says its level is."""

import pytest

from triage.domain.model import Level
from triage.domain.records import parse

T, D, I, W, E, F = Level  # noqa: E741 - read as columns below

LINES = [
    # JSON schemas
    ("structlog", '{"event": "lost the lease", "level": "error", "timestamp": "2026-03-01T10:00:00Z"}', E),
    ("structlog", '{"event": "failed over to replica", "level": "warning"}', W),
    ("zap", '{"level":"dpanic","ts":1772359200.5,"caller":"a/b.go:9","msg":"odd state"}', F),
    ("zerolog", '{"level":"fatal","time":1772359200,"message":"bye"}', F),
    ("slog", '{"time":"2026-03-01T10:00:00Z","level":"ERROR","msg":"save","err":"disk"}', E),
    ("slog offset", '{"time":"2026-03-01T10:00:00Z","level":"INFO+2","msg":"error page served"}', None),
    ("logrus", '{"level":"panic","msg":"no config","time":"2026-03-01T10:00:00Z"}', F),
    ("pino", '{"level":50,"time":1772359200000,"msg":"gone"}', E),
    ("pino", '{"level":40,"time":1772359200000,"msg":"error budget low"}', W),
    ("bunyan", '{"name":"a","hostname":"h","pid":1,"level":60,"msg":"x","v":0}', F),
    ("winston", '{"level":"error","message":"x"}', E),
    ("monolog", '{"message":"x","context":{},"level":400,"level_name":"ERROR","channel":"app"}', E),
    ("monolog", '{"message":"x","level":300,"channel":"app"}', W),
    (
        "ecs nested",
        '{"@timestamp":"2026-03-01T10:00:00Z","log":{"level":"ERROR","logger":"a"},"message":"x"}',
        E,
    ),
    ("gelf", '{"version":"1.1","host":"h","short_message":"x","level":2}', F),
    ("gelf", '{"version":"1.1","host":"h","short_message":"failed","level":4}', W),
    ("otlp flat", '{"severityNumber":9,"body":{"stringValue":"error page"}}', I),
    ("otlp flat", '{"severity_number":21,"body":"x"}', F),
    (
        "otlp enum",
        '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":"SEVERITY_NUMBER_ERROR2"}]}]}]}',
        E,
    ),
    ("gcp", '{"severity":"EMERGENCY","textPayload":"x"}', F),
    ("gcp", '{"severity":"NOTICE","jsonPayload":{"message":"no errors"}}', I),
    ("clef", '{"@t":"2026-03-01T10:00:00Z","@mt":"Handled {Error}"}', I),
    ("clef", '{"@t":"2026-03-01T10:00:00Z","@mt":"x","@l":"Fatal"}', F),
    ("mongodb", '{"t":{"$date":"2026-03-01T10:00:00Z"},"s":"D2","c":"STORAGE","ctx":"a","msg":"error"}', D),
    ("mongodb", '{"t":{"$date":"2026-03-01T10:00:00Z"},"s":"F","c":"CONTROL","ctx":"a","msg":"x"}', F),
    ("journald", '{"PRIORITY":"2","MESSAGE":"x","_SYSTEMD_UNIT":"a.service"}', F),
    ("journald stdout", '{"PRIORITY":"6","MESSAGE":"{\\"level\\":\\"error\\",\\"msg\\":\\"x\\"}"}', E),
    ("logstash", '{"@timestamp":"2026-03-01T10:00:00Z","level_value":40000,"message":"x"}', E),
    ("loguru", '{"text":"x","record":{"level":{"name":"CRITICAL","no":50},"message":"x"}}', F),
    ("python-json", '{"levelno":40,"name":"a","msg":"x"}', E),
    ("app insights", '{"severityLevel":3,"message":"x"}', E),
    ("nextcloud", '{"reqId":"a","level":3,"time":"2026-03-01T10:00:00+00:00","app":"core","message":"x"}', E),
    ("datadog", '{"status":"warn","service":"a","message":"error"}', W),
    ("kubernetes event", '{"kind":"Event","type":"Warning","reason":"BackOff","message":"Back-off"}', W),
    (
        "tracing",
        '{"timestamp":"2026-03-01T10:00:00Z","level":"ERROR","fields":{"message":"x"},"target":"a"}',
        E,
    ),
    # Text of the languages' own loggers
    ("logfmt", 'ts=2026-03-01T10:00:00Z caller=a.go:3 level=error msg="query failed" err="eof"', E),
    ("logfmt", 'level=warn msg="an error was retried"', W),
    ("klog", "E0301 10:00:00.123456       1 reflector.go:178] watch of *v1.Pod ended", E),
    ("klog", "I0301 10:00:00.123456       1 controller.go:9] no error since start", I),
    ("glog", "F20260301 10:00:00.123456  4242 main.cc:12] Check failed: x == y", F),
    ("log4j", "2026-03-01 10:00:00,123 ERROR [pool-1] com.acme.Pay - declined", E),
    ("log4j", "2026-03-01 10:00:00,123 [pool-1] FATAL com.acme.Pay - declined", F),
    ("logback", "10:00:00.123 [main] WARN  c.a.Pay - Exception swallowed", W),
    ("spring", "2026-03-01T10:00:00.123Z ERROR 1 --- [app] [nio-1] c.a.Pay : declined", E),
    ("jboss", "10:00:00,123 ERROR [org.acme.Pay] (default task-1) declined", E),
    ("weblogic", "<Mar 1, 2026 10:00:00 AM UTC> <Error> <Server> <BEA-000337> <stuck thread>", E),
    ("jenkins", "2026-03-01 10:00:00.123+0000 [id=42]\tSEVERE\thudson.X#run: gone", E),
    ("tomcat", "01-Mar-2026 10:00:00.123 SEVERE [main] org.apache.X.start gone", E),
    ("python", "2026-03-01 10:00:00,123 - app.db - CRITICAL - gone", F),
    ("basicConfig", "ERROR:app.db:gone", E),
    ("uvicorn", "INFO:     Application startup failed to be slow", I),
    ("celery", "[2026-03-01 10:00:00,123: ERROR/ForkPoolWorker-1] Task a.b[1] raised", E),
    ("gunicorn", "[2026-03-01 10:00:00 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:9)", F),
    ("jupyter", "[E 2026-03-01 10:00:00.123 ServerApp] 500 GET /api", E),
    ("rust env_logger", "[2026-03-01T10:00:00Z ERROR app::db] gone", E),
    ("rust tracing", "2026-03-01T10:00:00.123456Z  WARN app::db: error ignored", W),
    ("ruby", "F, [2026-03-01T10:00:00.123456 #42] FATAL -- : gone", F),
    ("php", "[01-Mar-2026 10:00:00 UTC] PHP Fatal error:  Uncaught Exception: x in /a.php:3", E),
    ("php", "PHP Warning:  Undefined error variable in /a.php on line 3", W),
    ("laravel", "[2026-03-01 10:00:00] production.CRITICAL: gone", F),
    ("serilog", "[10:00:00 FTL] gone", F),
    ("serilog", "[10:00:00 WRN] error retried", W),
    ("dotnet", "crit: Acme.Pay[0]", F),
    ("dotnet", "info: Acme.Pay[0] error handled", I),
    ("elixir", "10:00:00.123 [error] GenServer gone", E),
    ("rabbitmq", "2026-03-01 10:00:00.123456+00:00 [warning] <0.1.0> connection error", W),
    ("hclog", "2026-03-01T10:00:00.123Z [ERROR] core: sealed", E),
    ("zap console", "2026-03-01T10:00:00.123Z\terror\tapp/main.go:9\tgone", E),
    ("istio", "2026-03-01T10:00:00.123456Z\twarn\tads\terror ignored", W),
    ("minecraft", "[10:00:00] [Server thread/ERROR]: gone", E),
    ("logcat", "03-01 10:00:00.123  1702  2395 F libc    : gone", F),
    ("logcat brief", "W/ActivityManager( 123): error ignored", W),
    ("npm", "npm ERR! code ELIFECYCLE", E),
    ("actions", "2026-03-01T10:00:00.1234567Z ##[error]Process completed with exit code 1.", E),
    ("actions", "##[warning]The error output is deprecated", W),
    ("winston labelled", "2026-03-01T10:00:00.123Z [app] error: gone", E),
    ("nest", "[Nest] 7  - 03/01/2026, 10:00:00 AM     LOG [Router] error page mapped", I),
    ("logrus terminal", "ERRO[0012] gone", E),
    ("logrus terminal", "INFO[0012] failed over", I),
    ("compiler", "src/a.c:3:5: warning: unused error", W),
    ("compiler", "src/a.c:3:5: fatal error: no such file", E),
    # Servers
    ("nginx", "2026/03/01 10:00:00 [crit] 7#7: *1 SSL_do_handshake() gone", F),
    ("apache", "[Sun Mar 01 10:00:00.123456 2026] [proxy:error] [pid 7] AH01114: gone", E),
    ("envoy", "[2026-03-01 10:00:00.123][12][warning][config] [source/a.cc:3] error", W),
    ("postgres", "2026-03-01 10:00:00.123 UTC [7] ERROR:  relation missing", E),
    ("postgres rds", "2026-03-01 10:00:00 UTC::@:[7]:LOG:  checkpoint failed to be slow", I),
    ("postgres", "2026-03-01 10:00:00.123 UTC [7] app@db PANIC:  gone", F),
    ("postgres", "2026-03-01 10:00:00.123 UTC [7] STATEMENT:  SELECT error FROM failed", I),
    ("mysql", "2026-03-01T10:00:00.123456Z 0 [ERROR] [MY-010119] [Server] Aborting", E),
    ("mysql", "2026-03-01T10:00:00.123456Z 8 [Note] Aborted connection", I),
    ("redis", "1:M 01 Mar 2026 10:00:00.123 # Error accepting", W),
    ("redis", "1:M 01 Mar 2026 10:00:00.123 * Ready, no failures", I),
    ("redis 3", "7:S 01 Mar 10:00:00.123 - client error", T),
    ("elasticsearch", "[2026-03-01T10:00:00,123][ERROR][o.e.b.Bootstrap] [n1] gone", E),
    ("kafka", "[2026-03-01 10:00:00,123] ERROR [Broker id=1] gone (kafka.server.X)", E),
    ("zookeeper", "2026-03-01 10:00:00,123 [myid:1] - WARN  [main:Learner@9] - Exception", W),
    ("mongo 4.2", "2026-03-01T10:00:00.123+0000 E STORAGE  [initandlisten] gone", E),
    ("windows cbs", "2026-03-01 10:00:00, Error                 CBS    gone", E),
    ("vmware", "2026-03-01T10:00:00.123Z error vpxd[1] [sub=x] gone", E),
    ("hadoop", "2026-03-01 10:00:00,123 FATAL [main] org.x.Y: gone", F),
    ("spark", "26/03/01 10:00:00 ERROR executor.Executor: gone", E),
    ("hdfs", "260301 100000 148 WARN dfs.DataNode: Got exception", W),
    ("openstack", "nova-api.log 2026-03-01 10:00:00.123 25 ERROR nova.api [-] gone", E),
    ("supercomputer", "- 1117838570 2026.03.01 R02 2026-03-01-10.00.00.123456 R02 RAS APP SEVERE gone", E),
    (
        "supercomputer",
        "- 1117838570 2026.03.01 R02 2026-03-01-10.00.00.123456 R02 RAS MMCS FAILURE no answer",
        E,
    ),
    (
        "supercomputer",
        "APPREAD 1117838570 2026.03.01 R02 2026-03-01-10.00.00.123456 R02 RAS KERNEL INFO error",
        I,
    ),
    # Syslog
    ("rfc3164", "<11>Mar  1 10:00:00 h app[7]: gone", E),
    ("rfc3164", "<14>Mar  1 10:00:00 h app[7]: error, fatal, panic", I),
    ("rfc5424", '<34>1 2026-03-01T10:00:00.123Z h su 7 ID47 [x@1 a="b"] gone', F),
    ("no pri, own level", "Mar  1 10:00:00 h app[7]: ERROR gone", E),
    ("no pri, own json", 'Mar  1 10:00:00 h app[7]: {"level":"info","msg":"error"}', I),
    ("sshd", "Mar  1 10:00:00 h sshd[7]: fatal: Write failed", F),
    ("journalctl iso", "2026-03-01T10:00:00+0000 h app[7]: level=error msg=x", E),
    # Wrappers
    ("cri", "2026-03-01T10:00:00.123456789Z stderr F ERROR gone", E),
    ("cri json", '2026-03-01T10:00:00.1Z stdout F {"level":"info","msg":"error"}', I),
    (
        "docker",
        '{"log":"2026-03-01 10:00:00,123 ERROR a.b - x\\n","stream":"stdout","time":"2026-03-01T10:00:00Z"}',
        E,
    ),
    (
        "docker in cri",
        '2026-03-01T10:00:00Z stdout F {"log":"level=error msg=x\\n","stream":"stdout","time":"t"}',
        E,
    ),
    ("compose", 'api-1  | {"level":"fatal","msg":"x"}', F),
    ("kubectl", "[pod/a-1/app] E0301 10:00:00.123456       1 a.go:1] gone", E),
]


@pytest.mark.parametrize(("name", "line", "level"), LINES)
def test_a_line_has_the_level_its_format_states(name: str, line: str, level: Level | None) -> None:
    assert parse(line).level == level


@pytest.mark.parametrize(("name", "line", "level"), [row for row in LINES if row[2] is not None])
def test_error_and_worse_are_errors_and_nothing_else(name: str, line: str, level: Level) -> None:
    assert parse(line).is_error is (level >= Level.ERROR)


@pytest.mark.parametrize(
    ("status", "level", "error"), [(200, I, False), (304, I, False), (404, W, True), (503, E, True)]
)
def test_the_status_of_an_access_log_decides(status: int, level: Level, *, error: bool) -> None:
    line = f'10.0.0.1 - bob [01/Mar/2026:10:00:00 +0000] "GET /error HTTP/1.1" {status} 12 "-" "curl"'
    record = parse(line)
    assert (record.level, record.is_error) == (level, error)


@pytest.mark.parametrize(
    "line",
    [
        '[01/Mar/2026 10:00:00] "GET / HTTP/1.1" {} 59',
        '[GIN] 2026/03/01 - 10:00:00 | {} |  1.2ms | 10.0.0.1 | GET "/x"',
        "[pid: 1|app: 0|req: 1/1] 10.0.0.1 () {{4 vars}} [Mon Mar  1 2026] GET / => 5 bytes (HTTP/1.1 {}) 2",
        'example.com:443 10.0.0.1 - - [01/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" {} 1',
    ],
)
def test_frameworks_write_access_logs_of_their_own(line: str) -> None:
    assert parse(line.format(500)).is_error
    assert not parse(line.format(200)).is_error


def test_haproxy_is_an_access_log() -> None:
    head = "Mar  1 10:00:00 lb haproxy[7]: 10.0.0.1:3000 [01/Mar/2026:10:00:00.1] web app/"
    assert parse(head + "s1 0/0/1/2/3 200 212 - - ---- 1/1/1/1/0 0/0").is_error is False
    assert parse(head + "<NOSRV> 0/-1/-1/-1/3 503 212 - - SC-- 1/1/1/1/0 0/0").is_error is True


@pytest.mark.parametrize("line", ["null", "3", '"error"', "[1, 2]", '["failed"]'])
def test_json_that_is_no_object_is_a_line(line: str) -> None:
    record = parse(line)
    assert record.level is None
    assert record.text == line


def test_a_json_line_that_was_cut_still_shows_its_level() -> None:
    assert parse('{"level":"error","msg":"' + "x" * 100).is_error
    assert not parse('{"level":"info","msg":"error ' + "x" * 100).is_error
