"""The dashboard, and the fleet in a notebook, as an operator uses them: by pointer or keys, in light and dark."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import redis
from lab import Notebook, wait_until
from served import busy, dead
from test_notebooks import write

from luffy_lesson.host.redis_server import RedisServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

EVIL = "<img src=x onerror=window.evil=1><script>window.evil=1</script>"
HOSTILE = [
    json.dumps({"worker": EVIL, "args": [EVIL, "\u202egnp.exe\x00\x1b[31m"], "queue": EVIL}).encode(),
    b'{"worker": "\\" onmouseover=\\"window.evil=1\\" x=\\"", "args": ["\'"]}',
    b'{"worker": "' + b"N" * 2**20 + b'", "args": []}',
    b"</script><script>window.evil=1</script>\xff\x00",
]
FOCUSED = "document.activeElement.getAttribute('aria-label') || document.activeElement.id"
REFRESHED = "before => document.getElementById('clock').textContent !== before"
OUTSIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
INJECTED = "document.querySelectorAll('main :is(script, img, iframe, style)').length + (window.evil || 0)"

WORKERS = """
import time
from luffy_lesson.step10_process import Worker

class Wait(Worker):
    def perform(self, file):
        import pathlib
        while not pathlib.Path(file).exists():
            time.sleep(0.02)

class Note(Worker):
    def perform(self, number):
        print("Note", number, flush=True)
"""


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.wrong = []
    page.on("console", lambda message: page.wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    yield page
    context.close()


@pytest.fixture
def home(site, page):
    """The address of the dashboard. Nothing may have gone wrong on its pages."""
    yield f"http://127.0.0.1:{site.port}"
    assert page.wrong == []


def refreshed(page):
    """Wait until the page has got news."""
    page.wait_for_function(REFRESHED, arg=page.locator("#clock").text_content())


def press_until(page, label):
    """Press Tab until what is called so has the keyboard."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == label:
            return
    raise AssertionError(f"No {label!r} within 60 times Tab")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_jobs_run_nothing_and_each_page_can_be_read_in_light_and_dark(
    page, home, raw, bury, register, picture, scheme
):
    page.emulate_media(color_scheme=scheme)
    bury(*HOSTILE, *[dead(number) for number in range(10_000)])
    for state in ("scheduled", "retry"):
        raw.zadd(f"luffy:queue:{state}", {entry: time.time() + 99 for entry in [*HOSTILE, dead(1)]})
    register("ship:1:a", busy=[busy("Processor 0", HOSTILE[0], 0)], host=EVIL, queues={EVIL: 1.0})
    register("ship:2:b", queues={"default": None})
    for name in ("", "dead", "scheduled", "retrying"):
        page.goto(f"{home}/{name}")
        refreshed(page)
        assert page.evaluate(INJECTED) == 0
        assert "<img src=x" in page.inner_text("main")
        page.screenshot(path=picture(f"dashboard_{name or 'overview'}_{scheme}"))
    page.get_by_role("button", name="Delete <img src=x onerror").count()
    page.goto(f"{home}/dead")
    page.get_by_role("button", name="Delete <img").click()
    page.get_by_text("is deleted.").wait_for()
    assert page.evaluate(INJECTED) == 0
    assert raw.zcard("luffy:queue:dead") == 10_003


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(page, home, bury, register, scheme):
    page.emulate_media(color_scheme=scheme)
    bury(dead(1))
    register("ship:1:a")
    weak = """() => {
        const light = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
            .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
            .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
        const paper = light(getComputedStyle(document.body).backgroundColor);
        const contrast = element => {
            const ink = light(getComputedStyle(element).color);
            return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
        };
        const texts = [...document.querySelectorAll('body :is(a, button, th, td, caption, span, p)')];
        return [texts.length, texts.filter(element => contrast(element) < 4.5).map(element => element.textContent)];
    }"""
    for path in ("/", "/dead"):
        page.goto(home + path)
        texts, too_weak = page.evaluate(weak)
        assert texts > 20
        assert too_weak == []


def test_all_is_in_the_window_at_twice_the_size(page, home, bury, register, picture):
    bury(*HOSTILE, dead(1))
    register("ship:1:a", busy=[busy("Processor 0", HOSTILE[0], 0)])
    for width, path in ((640, "/"), (640, "/dead"), (320, "/"), (320, "/dead")):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(home + path)
        assert page.evaluate(OUTSIDE) <= 0
        page.screenshot(path=picture(f"dashboard_{width}_{path.strip('/') or 'overview'}"))


def test_all_buttons_are_pressed_with_keys_only_while_the_page_gets_news(page, home, raw, bury, register, picture):
    bury(*[dead(number) for number in range(5)])
    register("ship:1:a")
    page.goto(home)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    press_until(page, "to-dead")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dead")
    press_until(page, "Retry Note(2)")
    raw.zadd("luffy:queue:dead", {dead(99): time.time() + 1})  # another one comes, and all others move down
    page.get_by_text("Note(99)").wait_for()
    assert page.evaluate(FOCUSED) == "Retry Note(2)"
    page.screenshot(path=picture("dashboard_keys"))
    page.keyboard.press("Enter")
    page.get_by_text("Note(2) is back in the queue default.").wait_for()
    assert [json.loads(payload)["args"] for payload in raw.lrange("luffy:queue", 0, -1)] == [[2]]
    raw.zadd("luffy:queue:dead", {dead(100): time.time() + 2})
    page.get_by_text("Note(100)").wait_for()
    page.wait_for_load_state()  # until then, a browser need not have gone to the row
    page.keyboard.press("Tab")  # it goes on where it was
    assert page.evaluate(FOCUSED) in ("Retry Note(1)", "Retry Note(3)")
    press_until(page, "Delete Note(4)")
    page.keyboard.press("Enter")
    page.get_by_text("Note(4) is deleted.").wait_for()
    left = [json.loads(entry)["args"] for entry in raw.zrange("luffy:queue:dead", 0, -1)]
    assert sorted(left) == [[0], [1], [3], [99], [100]]
    press_until(page, "to-overview")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{home}/")
    press_until(page, "Quiet ship:4711")
    page.keyboard.press("Enter")
    page.get_by_text("ship:4711 was asked to take no more jobs").wait_for()
    assert raw.hget("luffy:queue:processes:told", "ship:1:a") == b"quiet"


def test_who_has_the_keyboard_on_a_job_that_goes_has_it_on_no_other_job(page, home, raw, bury):
    bury(*[dead(number) for number in range(3)])
    page.goto(f"{home}/dead")
    press_until(page, "Delete Note(1)")
    raw.zremrangebyrank("luffy:queue:dead", 1, 1)
    page.get_by_text("Note(1)").wait_for(state="detached")
    assert page.evaluate(FOCUSED) == "row1"
    page.keyboard.press("Enter")
    refreshed(page)
    assert raw.zcard("luffy:queue:dead") == 2
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Retry Note(2)"


def test_nothing_moves_under_a_pointer_on_a_button_nor_while_it_is_paused(page, home, raw, bury):
    bury(dead(1))
    page.goto(f"{home}/dead")
    page.get_by_role("button", name="Delete").hover()
    raw.zadd("luffy:queue:dead", {dead(2): time.time() + 1})
    page.wait_for_timeout(5000)  # two refreshes would have been
    assert page.get_by_text("Note(2)").count() == 0
    page.mouse.move(5, 5)
    page.get_by_text("Note(2)").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.mouse.move(5, 5)
    raw.zadd("luffy:queue:dead", {dead(3): time.time() + 2})
    page.wait_for_timeout(5000)
    assert page.get_by_text("Note(3)").count() == 0
    page.get_by_role("button", name="Pause").click()
    page.mouse.move(5, 5)
    page.get_by_text("Note(3)").wait_for()


def test_without_javascript_everything_works(browser, site, raw, bury, register):
    bury(dead(1), dead(2))
    register("ship:1:a")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{site.port}/dead")
        page.get_by_role("button", name="Retry Note(1)").click()
        page.get_by_text("Note(1) is back in the queue default.").wait_for()
        page.get_by_role("link", name="Refresh").click()
        assert page.get_by_text("is back in the queue").count() == 0
        page.get_by_role("link", name="Overview").click()
        page.get_by_role("button", name="Quiet ship:4711").click()
        page.get_by_text("was asked to take no more jobs").wait_for()
    assert raw.llen("luffy:queue") == 1
    assert raw.hget("luffy:queue:processes:told", "ship:1:a") == b"quiet"


def test_a_form_on_another_site_changes_nothing_though_the_browser_knows_the_dashboard(page, site, raw, bury):
    bury(dead(1))
    page.goto(f"http://127.0.0.1:{site.port}/dead")
    key = page.get_by_role("button", name="Delete").get_attribute("value")
    form = f"""<form method="post" action="http://127.0.0.1:{site.port}/dead"><button name="delete" value="{key}">
        Win a prize</button></form>""".encode()

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(form)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as elsewhere:
        thread = threading.Thread(target=elsewhere.serve_forever)
        thread.start()
        try:
            page.goto(f"http://localhost:{elsewhere.server_port}/")
            with page.expect_response(lambda answer: answer.request.method == "POST") as told:
                page.get_by_role("button", name="Win a prize").click()
            page.get_by_text("This did not come from a page of this dashboard.").wait_for()
        finally:
            elsewhere.shutdown()
            thread.join()
    assert told.value.status == 403
    assert raw.zcard("luffy:queue:dead") == 1


def test_a_dashboard_that_has_ended_is_told_on_the_page(page, start, redis_url):
    process = start("dashboard", "--port", "0", REDIS_URL=redis_url)
    page.goto(process.wait_for("The dashboard of").split()[-4])
    page.get_by_role("heading", name="Overview").wait_for(state="attached")
    process.process.terminate()
    assert process.ends() == 0
    page.get_by_text("The dashboard does not answer.").wait_for()


def test_what_a_server_that_is_away_has_to_do_with_it_is_told_and_the_page_recovers(page, start, server, picture):
    process = start("dashboard", "--port", "0", REDIS_URL=f"{server.start()}/0")
    page.goto(process.wait_for("The dashboard of").split()[-4])
    server.stop()
    page.get_by_text("Does a server run there?").wait_for()
    page.screenshot(path=picture("dashboard_away"))
    server.start()
    page.get_by_text("No process takes jobs.").wait_for()


# with real processes


@pytest.fixture
def work(start, tmp_path, redis_url):
    """A process that takes jobs."""

    def work():
        (tmp_path / "workers.py").write_text(WORKERS)
        process = start("work", "workers.py", "-c", "1", REDIS_URL=redis_url)
        process.wait_for("take jobs from")
        return process

    return work


def test_what_the_page_says_of_a_real_process_and_what_its_buttons_do_to_it(page, home, raw, work, tmp_path, picture):
    process, file = work(), tmp_path / "go"
    page.goto(home)
    page.get_by_text("0 of 1", exact=True).wait_for()
    raw.lpush("luffy:queue", json.dumps({"worker": "Wait", "args": [str(file)]}))
    page.get_by_text("Wait('").wait_for()
    page.get_by_text("1 of 1", exact=True).wait_for()
    page.screenshot(path=picture("dashboard_real"))
    file.touch()
    page.get_by_text("0 of 1", exact=True).wait_for()

    raw.zadd("luffy:queue:dead", {dead(7): time.time()})
    page.get_by_role("link", name="Dead 1").click()
    page.get_by_role("button", name="Retry Note(7)").click()
    process.wait_for("Note 7")

    page.get_by_role("link", name="Overview").click()
    page.get_by_role("button", name="Quiet").click()
    page.get_by_text("quiet", exact=True).wait_for()
    raw.lpush("luffy:queue", json.dumps({"worker": "Note", "args": [8]}))
    page.get_by_role("row", name="default").get_by_text("1", exact=True).wait_for()
    refreshed(page)
    assert raw.llen("luffy:queue") == 1


FLEET = [
    """
import pathlib, time
from luffy_lesson.classroom import fleet, lesson, wait_for
from luffy_lesson.step10_process import Luffy, Processor, RedisBackend, Worker

lesson.fresh(10)

class Wait(Worker):
    def perform(self, file):
        while not pathlib.Path(file).exists():
            time.sleep(0.02)

class Note(Worker):
    def perform(self, *args):
        pass

Luffy.backend = RedisBackend()
processors = Processor.start(2)
""",
    "fleet()",
    """
with fleet():
    processors = Processor.start(2)
    Wait.perform_queue("go2")
    wait_for(lambda: pathlib.Path("go2").exists(), "the sign")
""",
]


def by_pointer(cell):
    """Return what chooses the job or process in a place of a list, and what presses a button, by pointer."""

    def press(name):
        cell.get_by_role("button", name=name, exact=True).click()

    return lambda choice, place: choice.select_option(index=place), press


def by_keys(page, cell):
    """Return the same, with keys only, from the cell on: Tab, Space, arrows and Enter."""

    def go_to(element):
        for _ in range(60):
            if element.evaluate("element => element === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"60 times Tab do not lead to {element}")

    def choose(choice, place):
        cell.locator(".jp-InputPrompt").click()
        go_to(choice)
        page.keyboard.press("Space")  # in a list that is closed, an arrow leads to the next cell: JupyterLab takes it
        wait_until(lambda: choice.evaluate("choice => choice.matches(':open')"), 10, "the list is open")
        for _ in range(place):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        wait_until(lambda: choice.evaluate("choice => choice.selectedIndex") == place, 10, "it is chosen")

    def press(name):
        go_to(cell.get_by_role("button", name=name, exact=True))
        page.keyboard.press("Enter")

    return choose, press


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_a_fleet_is_live_its_buttons_do_what_they_say_and_it_stays_in_the_notebook(browser, lab, picture, theme):
    path = write(lab.copy(), FLEET)
    with Notebook(browser, lab, path) as notebook, notebook.theme(theme):
        for number in (0, 1):
            notebook.run_cell(number)
            notebook.wait_cell(number)
        cell = notebook.cell(1)
        with redis.Redis.from_url(f"{RedisServer(lab.folder / 'luffy/redis').start()}/10") as raw:
            raw.lpush("luffy:queue", json.dumps({"worker": "Wait", "args": ["go1"]}))
            cell.get_by_text("1 of 2").wait_for()
            cell.get_by_text("Wait('go1')").wait_for()
            entries = [dead(1), dead(2), *HOSTILE, *map(dead, range(3, 9_999))]
            raw.zadd("luffy:queue:dead", {entry: time.time() - n for n, entry in enumerate(entries)})
            cell.get_by_text("✗ dead 10002").wait_for()
            assert notebook.page.evaluate("window.evil") is None
            notebook.screenshot(picture(f"fleet_{theme.split()[-1].lower()}"), 1)
            processes, jobs = cell.get_by_label("process"), cell.get_by_label("dead")
            choose, press = by_keys(notebook.page, cell) if theme == "JupyterLab Dark" else by_pointer(cell)
            choose(jobs, 1)
            press("Retry")
            cell.get_by_text("Note(1) is back in the queue default.").wait_for()
            cell.get_by_text("dead 10001").wait_for()
            choose(jobs, 1)
            press("Delete")
            cell.get_by_text("Note(2) is deleted.").wait_for()
            choose(processes, 1)
            press("Quiet")
            cell.get_by_text("quiet", exact=True).wait_for()
            wait_until(
                lambda: "there is none" in processes.inner_text().replace("\xa0", " "),
                10,
                "nobody is left to be quieted",
            )
            (path.parent / "go1").touch()
            notebook.run_cell(2)  # which opens another: the first one stays as it is
            cell.get_by_text("Retry", exact=True).wait_for(state="detached")
            other = notebook.cell(2)
            other.get_by_text("Wait('go2')").wait_for()
            raw.zadd("luffy:queue:dead", {dead(10_000): time.time() + 1})
            other.get_by_text("✗ dead 10001").wait_for()
            (path.parent / "go2").touch()
        notebook.wait_cell(2)
        other.get_by_text("Retry", exact=True).wait_for(state="detached")
        notebook.save()
    with Notebook(browser, lab, path) as notebook, notebook.theme(theme):
        for number in (1, 2):
            assert "takes from" in notebook.cell(number).inner_text()
            assert notebook.cell(number).locator("button", has_text="Retry").count() == 0
        assert "Error displaying widget" not in notebook.text()
        assert notebook.page.evaluate("window.evil") is None
        notebook.screenshot(picture(f"fleet_opened_again_{theme.split()[-1].lower()}"))
        wait_until(lambda: notebook.cell(1).inner_text(), 10, "it is there")
