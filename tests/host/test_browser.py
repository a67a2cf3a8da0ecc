import pytest

from luffy_lesson.host import browser


@pytest.mark.parametrize("name", browser.NAMES)
def test_a_browser_on_the_path_is_found(monkeypatch, tmp_path, name):
    (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert browser.find_browser() == str(tmp_path / name)


def test_an_application_of_macos_is_found(monkeypatch, tmp_path):
    (tmp_path / "Google Chrome").touch(mode=0o755)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(browser, "MAC", [str(tmp_path / "Google Chrome")])
    assert browser.find_browser() == str(tmp_path / "Google Chrome")


def test_where_there_is_no_browser_none_is_found(monkeypatch, tmp_path):
    (tmp_path / "chromium").touch(mode=0o644)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "MAC", [])
    assert browser.find_browser() is None
