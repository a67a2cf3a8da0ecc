"""The page: what is on it, what its buttons do, and whom it answers."""

import json
import re
import signal
import socket
import time
from html.parser import HTMLParser

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from served import Site, busy, dead, serve

from luffy_lesson.dashboard import web
from luffy_lesson.host.steps import step
from luffy_lesson.step7_retries import Dead

HOSTILE = [
    b'{"worker": "<script>alert(1)</script>", "args": ["<img src=x onerror=alert(1)>"]}',
    b'{"worker": "\\"onmouseover=\\"alert(1)", "args": ["\'><b>"], "queue": "</td><b>"}',
    b'{"worker": "{{ 7777 * 7777 }}{% raw 1 %}", "args": ["&lt;"]}',
    '{"worker": "\u202egnp.exe", "args": ["\\u202e\\u0000\\u001b[31m\\ud800"]}'.encode(),
    b'{"worker": "' + b"N" * 2**20 + b'", "args": []}',
    b'{"worker": "Big", "args": ["' + b"x" * 2**20 + b'"]}',
    b"<b>\x00\xff",
    b"y" * 2**20,
]


def test_the_overview_tells_of_queues_processes_and_counts(site, raw, register, bury):
    waits = json.dumps({"worker": "Note", "args": [], "enqueued_at": time.time() - 75})
    raw.lpush("luffy:queue", *[waits] * 1234)
    raw.sadd("luffy:queues", "mail")
    raw.zadd("luffy:queue:scheduled", {b"a": time.time() + 60, b"b": time.time() + 60})
    raw.zadd("luffy:queue:retry", {b"c": time.time() + 60})
    bury(dead(1), dead(2), dead(3))
    register("ship:1:a", busy=[busy("Processor 2", b'{"worker": "Note", "args": [3]}', 70)])
    page = site.get()
    assert page.rows[:2] == [["default", "1,234", "1 min 15 s"], ["mail", "0", "\N{EN DASH}"]]
    process = ["ship:4711", "default", "1 of 5 Note(3) Processor 2, for 1 min 10 s", "1 h 1 min", "running", "Quiet"]
    assert page.rows[2:] == [process]
    links = [re.sub("<[^>]*>", "", link) for link in re.findall("<li>(.*?)</li>", page.text)]
    assert links[:4] == ["Overview", "Scheduled 2", "Retrying 1", "✗ Dead 3"]


def test_where_there_is_nothing_the_page_says_so(site):
    assert site.get().rows[-1] == ["No process takes jobs."]
    assert "No job is dead." in site.get("/dead").text
    assert "No job is scheduled." in site.get("/scheduled").text
    assert "No job waits to be tried again." in site.get("/retrying").text


def seconds_of_work(function):
    """The time of this process's processors that a call takes: it does not count what others do on a busy machine."""
    begin = time.process_time()
    function()
    return time.process_time() - begin


def test_of_ten_thousand_dead_jobs_a_page_reads_fifty(site, bury, monkeypatch):
    read = []
    monkeypatch.setattr(
        Dead, "read", classmethod(lambda cls, entry, read_=Dead.read: read.append(entry) or read_(entry))
    )
    bury(*[dead(number) for number in range(10_000)])
    for number, jobs in (
        (1, range(50)),
        (100, range(4950, 5000)),
        (200, range(9950, 10_000)),
        (9999, range(9950, 10_000)),
    ):
        read.clear()
        page = site.get(f"/dead?page={number}")
        assert [row[0] for row in page.rows] == [f"Note({job})" for job in jobs]
        assert len(read) == 50
        assert len(page.text) < 100_000
    assert "9,951 to 10,000 of 10,000" in page.text
    assert min(seconds_of_work(lambda: site.get("/dead?page=100")) for _ in range(3)) < 0.1
    assert [site.get(f"/dead?page={wrong}").rows[0][0] for wrong in ("0", "-1", "x", "9" * 30, "%C2%B2")] == [
        "Note(0)"
    ] * 5


def test_a_dead_job_is_retried_or_deleted_and_the_page_says_so_once(site, raw, bury):
    bury(dead(1), dead(2), dead(3))
    page = site.get("/dead")
    assert page.rows[0][:4] == ["Note(1)", "default", "26", "OSError: the site is busy"]
    after = site.post("/dead", retry=page.key("retry", "Note(1)"))
    assert "Note(1) is back in the queue default." in after.text
    assert [row[0] for row in after.rows] == ["Note(2)", "Note(3)"]
    assert "is back" not in site.get("/dead").text
    assert "Note(2) is deleted." in site.post("/dead", delete=page.key("delete", "Note(2)")).text
    assert [json.loads(payload)["args"] for payload in raw.lrange("luffy:queue", 0, -1)] == [[1]]
    assert raw.zcard("luffy:queue:dead") == 1


@pytest.mark.parametrize("button", ["retry", "delete"])
def test_a_job_that_is_gone_meanwhile_is_told(site, raw, bury, button):
    bury(dead(1))
    key = site.get("/dead").key(button)
    raw.delete("luffy:queue:dead")
    assert "That job is not among the dead any more" in site.post("/dead", **{button: key}).text
    assert raw.keys() == []


def test_a_process_is_quieted_from_the_page(site, raw, register):
    register("ship:1:a")
    key = site.get().key("quiet")
    assert "ship:4711 was asked to take no more jobs." in site.post("/", quiet=key).text
    assert raw.hgetall("luffy:queue:processes:told") == {b"ship:1:a": b"quiet"}
    register("ship:1:a", quiet=True)
    assert site.get().rows[-1][-2:] == ["quiet", ""]
    raw.delete("luffy:queue:processes")
    assert "That process is not there any more." in site.post("/", quiet=key).text


def test_a_button_that_there_is_not_is_refused(site):
    assert site.post("/", explode="1").status == 400


@pytest.mark.parametrize("site_of_another", [{}, {"Origin": "https://elsewhere.example"}])
def test_a_post_without_the_token_of_a_page_changes_nothing(site, raw, bury, site_of_another):
    bury(dead(1))
    key = site.get("/dead").key("delete")
    assert site.cookies["luffy_xsrf"]  # which the browser sends along, wherever the form is
    for token in ({}, {"_xsrf": ""}, {"_xsrf": "2|0|0|0"}):
        answer = site.post("/dead", token=False, headers=site_of_another, delete=key, **token)
        assert answer.status == 403
        assert "This did not come from a page of this dashboard." in answer.text
    assert raw.zcard("luffy:queue:dead") == 1


def test_the_cookies_are_not_for_scripts_nor_for_other_sites(site, bury):
    bury(dead(1))
    cookies = site.get("/dead").headers.get_all("Set-Cookie")
    key = site.get("/dead").key("retry")
    token = re.search('name="_xsrf" value="([^"]*)"', site.get("/dead").text)[1].replace("|", "%7C")
    cookies += site.ask("POST", "/dead", f"retry={key}&_xsrf={token}").headers.get_all("Set-Cookie")
    assert len(cookies) == 2
    assert all("HttpOnly" in cookie and "SameSite=Strict" in cookie for cookie in cookies)


@pytest.mark.parametrize("path", ["/", "/dead", "/metrics", "/static/style.css", "/nowhere"])
@pytest.mark.parametrize(
    "host", ["elsewhere.example", "elsewhere.example:8880", "127.0.0.1.nip.example", "0.0.0.0", "[::2]"]
)
def test_who_asks_for_another_host_is_refused(site, raw, bury, host, path):
    bury(dead(1))
    answer = site.get(path, Host=host)
    assert answer.status == 403
    assert "Note" not in answer.text
    assert site.get(path).status in (200, 404)


def test_a_post_for_another_host_is_refused_though_it_has_the_token(site, raw, bury):
    bury(dead(1))
    key = site.get("/dead").key("delete")
    assert site.post("/dead", headers={"Host": "elsewhere.example"}, delete=key).status == 403
    assert raw.zcard("luffy:queue:dead") == 1


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8880", "[::1]", "[::1]:8880"])
def test_every_name_of_loopback_is_answered(site, host):
    assert site.get(Host=host).status == 200


@pytest.mark.parametrize("path", ["/", "/dead", "/metrics", "/static/live.js", "/nowhere", "/static/nowhere"])
def test_nothing_runs_in_the_page_but_what_is_of_the_page(site, path):
    headers = site.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'; script-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/static/../web.py", "/static/%2e%2e/web.py", "/static//etc/passwd", "/static/", "/x"]
)
def test_no_other_file_is_given_out(site, path):
    answer = site.get(path)
    assert answer.status in (403, 404)
    assert "import" not in answer.text


class Elements(HTMLParser):
    """The elements of a page, each with the names of its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.add((tag, *[name for name, _ in attributes]))


def test_hostile_jobs_are_text_on_the_page(site, raw, bury, register):
    bury(dead(1))
    raw.zadd("luffy:queue:scheduled", {dead(1): time.time() + 60})
    raw.zadd("luffy:queue:retry", {dead(1): time.time() + 60})
    register("ship:1:a", busy=[busy("Processor 2", b'{"worker": "Note", "args": [3]}', 70)])
    plain = set().union(*[Elements(site.get(path).text).found for path in ("/", "/dead", "/scheduled", "/retrying")])
    raw.delete("luffy:queue:dead", "luffy:queue:processes")
    bury(*HOSTILE)
    raw.zadd("luffy:queue:scheduled", {entry: time.time() + 60 for entry in HOSTILE})
    raw.zadd("luffy:queue:retry", {entry: time.time() + 60 for entry in HOSTILE})
    raw.sadd("luffy:queues", "<b>\u202e")
    at_work = [busy("<b>Processor", HOSTILE[0], 0)]
    register("<b>'\"&\n", host='"><script>alert(1)</script>\u202e', queues={"<b>": None}, busy=at_work)
    overview = site.get().text
    for path in ("/", "/dead", "/scheduled", "/retrying"):
        text = site.get(path).text
        assert Elements(text).found <= plain
        assert re.search("[^\\S\n ]|[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text) is None
        assert len(text) < 50_000
    assert "&lt;script&gt;alert(1)&lt;/script&gt;(&#x27;&lt;img src=x onerror=alert(1)&gt;&#x27;)" in overview
    assert "60481729" not in site.get("/scheduled").text
    after = site.post("/dead", delete=site.get("/dead").key("delete"))
    assert (
        "&lt;script&gt;alert(1)&lt;/script&gt;(&#x27;&lt;img src=x onerror=alert(1)&gt;&#x27;) is deleted."
        in after.text
    )
    assert "was asked to take no more jobs" in site.post("/", quiet=site.get().key("quiet")).text


def test_prometheus_can_read_the_numbers(site, raw, register, bury):
    raw.lpush("luffy:queue", json.dumps({"worker": "Note", "args": [], "enqueued_at": time.time() - 75}))
    raw.zadd("luffy:queue:scheduled", {b"a": time.time() + 60, b"b": time.time() + 60})
    raw.zadd("luffy:queue:retry", {b"c": time.time() + 60})
    bury(dead(1), dead(2), dead(3))
    register("ship:1:a", busy=[busy("Processor 2", b'{"worker": "Note", "args": [3]}', 70)])
    answer = site.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert 75 <= found.pop(("luffy_queue_latency_seconds", "default")) < 500
    assert found == {
        ("luffy_queue_jobs", "default"): 1,
        ("luffy_processes",): 1,
        ("luffy_processors",): 5,
        ("luffy_busy_processors",): 1,
        ("luffy_scheduled_jobs",): 2,
        ("luffy_retrying_jobs",): 1,
        ("luffy_dead_jobs",): 3,
        ("luffy_expired_jobs_total",): 0,
    }


def test_a_server_that_is_away_is_told_and_one_that_is_back_is_asked(server, monkeypatch):
    monkeypatch.setenv("REDIS_URL", f"{server.start()}/0")
    serving = serve(step().RedisBackend())
    site = next(serving)
    key = "0" * 32
    assert site.get().status == 200
    token = re.search('name="_xsrf" value="([^"]*)"', site.get().text)[1].replace("|", "%7C")
    server.stop()
    answers = [
        site.get(),
        site.get("/dead"),
        site.get("/metrics"),
        site.ask("POST", "/dead", f"retry={key}&_xsrf={token}"),
    ]
    for answer in answers:
        assert answer.status == 503
        (sentence,) = re.findall('role="alert">(.*?)</p>', answer.text)
        assert re.match(r"127\.0\.0\.1:\d+/0: .*Does a server run there\?", sentence)
        assert server.url is None or server.url.split("@")[0].rpartition(":")[2] not in answer.text
    server.start()
    assert site.get().status == 200
    assert list(serving) == []


# the command


@pytest.fixture
def dashboard(start, redis_url):
    """`dashboard`, ready; and what it says of itself."""

    def dashboard(*options):
        process = start("dashboard", *options, REDIS_URL=redis_url)
        return process, process.wait_for("The dashboard of")

    return dashboard


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_its_address_listens_on_loopback_only_and_ends_when_it_is_told_to(
    dashboard, number, redis_url
):
    process, line = dashboard("--port", "0")
    assert re.search(r":(\w+)@", redis_url)[1] not in line
    port = int(re.fullmatch(r"The dashboard of <.*> is at http://127\.0\.0\.1:(\d+)/ Ctrl-C ends it\.", line)[1])
    listening = [one.laddr for one in psutil.Process(process.pid).net_connections() if one.status == psutil.CONN_LISTEN]
    assert {address.ip for address in listening} <= {"127.0.0.1", "::1"}
    assert {address.port for address in listening} == {port}
    site = Site(port)
    assert site.get().status == 200
    with socket.create_connection(("127.0.0.1", port)):  # a browser keeps its connections
        process.process.send_signal(number)
        assert process.ends() == 0
    assert process.lines == [line]


def test_a_port_that_is_taken_is_told(start, redis_url):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = start("dashboard", "--port", str(port), REDIS_URL=redis_url)
        assert process.ends() == 1
    assert process.lines == [
        f"Port {port} cannot be used (Address already in use). Give another: --port N; 0 finds a free one."
    ]


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_port_that_is_taken_in_one_of_both_protocols_is_refused(family):
    with socket.socket(family) as other:
        try:
            other.bind(({number: name for name, number in web.LOOPBACK.items()}[family], 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        other.listen()
        with pytest.raises(SystemExit, match="Address already in use"):
            web.listen(other.getsockname()[1])


def test_without_a_server_the_command_says_so(start, closed_port):
    process = start("dashboard", "--port", "0", REDIS_URL=f"redis://:secret@127.0.0.1:{closed_port}/0")
    assert process.ends() == 1
    (line,) = process.lines
    assert "Does a server run there?" in line
    assert "secret" not in line


def test_a_port_that_is_none_is_refused(start):
    process = start("dashboard", "--port", "65536")
    assert process.ends() == 2
    assert process.lines[-1].endswith("argument --port: invalid port value: '65536'")
