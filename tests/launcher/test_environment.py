"""The set-up: what is missing is seen, made once, and nothing half-made is left when that fails."""

import ast
import json
import os
import signal
import subprocess
import sys
import textwrap
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.version import Version

from luffy_lesson.launcher import environment

REQUIREMENTS = environment.REQUIREMENTS.read_text()

FAKE_UV = """\
#!{python}
import json, os, subprocess, sys, time, zipfile
from pathlib import Path

Path({log!r}).open("a").write(json.dumps(sys.argv[1:]) + "\\n")
if os.environ.get("UV_FAILS") == sys.argv[1]:
    Path({venv!r}, "half-made").mkdir(parents=True, exist_ok=True)
    sys.exit("uv: no network")
if sys.argv[1] == "venv":
    sys.exit(subprocess.run([sys.argv[sys.argv.index("--python") + 1], "-m", "venv", "--without-pip", "--clear",
                             sys.argv[-1]]).returncode)
if "UV_WAITS" in os.environ:
    print("uv waits", flush=True)
    time.sleep(30)
(site,) = Path({venv!r}).glob("lib/python*/site-packages")
zipfile.ZipFile({wheel!r}).extractall(site)
"""


@pytest.fixture
def tea(tmp_path, monkeypatch):
    """A function that "installs" a package named `tea` in a version."""

    def install(version):
        folder = tmp_path / "site" / "tea.dist-info"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tea\nVersion: {version}\n")
        monkeypatch.syspath_prepend(folder.parent)
        return folder

    return install


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A Python that has nothing but its standard library."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True)
    return str(folder / "bin/python")


@pytest.fixture
def variables(variables):
    del variables["PYTHONPATH"]  # in a copied checkout, the copy is what runs
    return variables


@pytest.fixture
def course(checkout):
    """A copied checkout that needs one package, which `wheel` has."""
    (checkout / "requirements.txt").write_text("pytest>=8.4  # runs the tests\n")
    return checkout


@pytest.fixture
def wheels(tmp_path):
    """Packages that can be installed without a network. One pretends to be pytest."""
    (tmp_path / "wheels").mkdir()
    return {name: make_wheel(tmp_path / "wheels", name) for name in ("pytest", "coffee")}


def make_wheel(folder, name):
    files = {
        f"{name}.py": "print('the tests ran')",
        f"{name}-99.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 99.0\n",
        f"{name}-99.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{name}-99.0.dist-info/RECORD"
    files[record] = "".join(f"{file},,\n" for file in [*files, record])
    path = folder / f"{name}-99.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path


@pytest.fixture
def uv(tmp_path, course, wheels):
    """A `uv` on the PATH that installs the false pytest. The fixture is a function that returns the calls to it."""
    log, program = tmp_path / "uv.log", tmp_path / "bin/uv"
    program.parent.mkdir(exist_ok=True)
    settings = {
        "python": sys.executable,
        "log": str(log),
        "venv": str(course / ".venv"),
        "wheel": str(wheels["pytest"]),
    }
    program.write_text(FAKE_UV.format(**settings))
    program.chmod(0o755)
    return lambda: [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def half_made(course):
    """Leave a `.venv` as an interrupted set-up or a Python that was uninstalled leaves it."""
    (course / ".venv/bin").mkdir(parents=True)
    (course / ".venv/bin/python").symlink_to("/nowhere/python3")


def is_one_sentence(text):
    """Whether `text` ends with a message to a person, and no traceback is in it."""
    return "Traceback" not in text and text.rstrip().endswith((".", "!"))


@pytest.mark.parametrize("floor", ["0.1", "2", "2.9", "2.10", "2.10.1", "2.10.2", "2.11", "3", "10.0"])
@pytest.mark.parametrize("version", ["2.10.1", "2.10.1.post3", "3.0", "3.0+local.9"])
def test_versions_are_compared_as_numbers(tea, version, floor):
    tea(version)
    assert environment.missing(f"tea>={floor}") == ([] if Version(version) >= Version(floor) else [f"tea>={floor}"])


@pytest.mark.parametrize(("version", "floor"), [("3", "3.0"), ("3.1", "3.1.0")])
def test_zeros_at_the_end_of_a_floor_do_not_matter(tea, version, floor):
    tea(version)
    assert environment.missing(f"tea>={floor}") == []


def test_a_package_that_is_absent_is_missing():
    assert environment.missing("no-such-package>=0.1") == ["no-such-package>=0.1"]


def test_a_package_whose_metadata_was_lost_is_missing(tea):
    (tea("2.0") / "METADATA").unlink()
    assert environment.missing("tea>=1.0") == ["tea>=1.0"]


def test_a_marker_excuses_one_platform_only():
    here, elsewhere = f'none>=1; sys_platform != "{sys.platform}"', 'none>=1; sys_platform != "vms"'
    assert environment.missing(f"{here}\n{elsewhere}") == [elsewhere]


def test_comments_empty_lines_extras_and_the_package_itself_are_no_obstacle(tea):
    tea("2.0")
    assert environment.missing("# tea>=9\n\ntea>=1.0  # tea>=9\ntea[milk,sugar]>=2.0\n-e .  # this one\n") == []
    assert environment.missing("tea[milk]>=2.1 # why") == ["tea[milk]>=2.1"]


@pytest.mark.parametrize("line", ["tea", "tea==1.0", "tea>=1.0,<2", "tea>=1; python_version > '3'", "-r other.txt"])
def test_a_line_of_another_form_is_refused(line):
    with pytest.raises(ValueError, match="cannot be compared"):
        environment.missing(line)


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_every_line_of_the_requirements_can_be_compared(platform, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    assert environment.missing(REQUIREMENTS) == []


def test_an_environment_that_has_everything_is_used_as_it_is(checkout, launch):
    done = launch("redis", "status", cwd=checkout)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (checkout / ".venv").exists()


def test_up_to_the_set_up_only_the_standard_library_is_imported(variables):
    program = textwrap.dedent(f"""
        import sys

        class Refuse:
            @staticmethod
            def find_spec(name, path=None, target=None):
                if name.partition(".")[0] not in sys.stdlib_module_names | {{"luffy_lesson"}}:
                    raise ImportError(f"not of the standard library: {{name}}")

        sys.meta_path.insert(0, Refuse)
        sys.path.insert(0, {str(environment.ROOT)!r})
        import luffy_lesson.launcher.commands as commands
        from luffy_lesson.launcher import environment
        lacking = environment.missing("no-such-package>=1")
        environment.missing = lambda text: lacking
        environment._satisfied = lambda python: False
        environment._set_up = lambda python: sys.exit("the set-up begins")
        commands.main(["lab"])
    """)
    done = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, timeout=30)
    assert done.stderr == "the set-up begins\n"


def test_an_older_python_gets_a_sentence(launch, variables):
    program = (
        "import runpy, sys; sys.version_info, sys.version = (3, 9, 1), '3.9.1 (old)';"
        "sys.path.insert(0, sys.argv[1]); runpy.run_module('luffy_lesson', run_name='__main__')"
    )
    command = [sys.executable, "-c", program, str(environment.ROOT)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (1, "The course needs Python 3.11 to 3.14, and this is 3.9.1.\n")


def test_an_older_python_can_read_as_far_as_that_sentence():
    for name in ("__init__.py", "__main__.py"):
        ast.parse((environment.ROOT / "luffy_lesson" / name).read_text(), feature_version=(3, 7))


DEBIAN_VENV = """
import pathlib, sys
pathlib.Path(sys.argv[-1], "bin").mkdir(parents=True)
sys.exit("No ensurepip here.")
"""
VENV_WITHOUT_NETWORK = """
import pathlib, subprocess, sys
sys.path.pop(0)
sys.modules.pop("venv", None)
import venv
venv.create(sys.argv[-1], clear=True, symlinks=True)
(site,) = pathlib.Path(sys.argv[-1]).glob("lib/python*/site-packages")
(site / "pip.py").write_text("import sys; sys.exit('No matching distribution.' if 'install' in sys.argv else 0)")
"""


@pytest.mark.parametrize(
    ("module", "cause", "sentence"),
    [
        (DEBIAN_VENV, "No ensurepip here.", "python3-venv"),
        (VENV_WITHOUT_NETWORK, "No matching distribution.", "Is the network down?"),
    ],
    ids=["no venv", "no network"],
)
def test_when_the_first_set_up_fails_it_says_so_and_leaves_nothing(
    course, bare, launch, tmp_path, module, cause, sentence
):
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/venv.py").write_text(module)
    done = launch("test", python=bare, cwd=course, PYTHONPATH=str(tmp_path / "modules"))
    assert done.returncode == 1
    assert cause in done.stderr
    assert sentence in done.stderr
    assert is_one_sentence(done.stderr)
    assert not (course / ".venv").exists()


def test_venv_and_pip_make_the_environment_and_complete_it(course, bare, launch, wheels, closed_port):
    no_network = {"PIP_INDEX_URL": f"http://127.0.0.1:{closed_port}/", "PIP_RETRIES": "0"}
    network = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels["pytest"].parent)}
    half_made(course)
    done = launch("test", python=bare, cwd=course, **network)
    assert done.returncode == 0, done.stderr
    assert "Setting up the course" in done.stdout
    assert "the tests ran" in done.stdout

    done = launch("test", python=bare, cwd=course, **no_network)
    assert done.returncode == 0
    assert done.stdout.startswith("the tests ran\n")  # nothing is set up again

    (course / "requirements.txt").write_text("pytest>=8.4\ncoffee>=1.0\n")
    done = launch("test", python=bare, cwd=course, **no_network)
    assert done.returncode == 1
    assert "Is the network down?" in done.stderr
    assert is_one_sentence(done.stderr)
    assert (course / ".venv").exists()  # it was there before

    done = launch("test", python=bare, cwd=course, **network)
    assert done.returncode == 0, done.stderr
    assert "the tests ran\n" in done.stdout


def test_uv_on_the_path_is_used_and_mends_a_half_made_environment(course, bare, launch, uv):
    half_made(course)
    done = launch("test", python=bare, cwd=course)
    assert done.returncode == 0, done.stderr
    assert "the tests ran" in done.stdout
    made, requirements = str(course / ".venv"), str(course / "requirements.txt")
    assert uv() == [
        ["venv", "--clear", "--python", bare, made],
        ["pip", "install", "--python", f"{made}/bin/python", "-r", requirements],
    ]


def test_an_environment_that_lacks_something_is_completed_and_not_made_again(course, bare, launch, uv):
    venv.create(course / ".venv", symlinks=True)
    (course / ".venv/mine").touch()
    assert launch("test", python=bare, cwd=course).returncode == 0
    assert [call[0] for call in uv()] == ["pip"]
    assert (course / ".venv/mine").exists()


@pytest.mark.parametrize(("fails", "sentence"), [("venv", "python3-venv"), ("pip", "Is the network down?")])
def test_when_uv_fails_it_says_so_and_a_later_try_succeeds(course, bare, launch, uv, fails, sentence):
    done = launch("test", python=bare, cwd=course, UV_FAILS=fails)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert is_one_sentence(done.stderr)
    assert not (course / ".venv").exists()
    assert launch("test", python=bare, cwd=course).returncode == 0


def test_an_interrupted_set_up_leaves_nothing(course, bare, start, uv):
    # A test run in the background has SIGINT switched off, and its children too.
    launcher = start(
        "test", python=bare, cwd=course, preexec=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), UV_WAITS="1"
    )
    launcher.wait_for("uv waits")
    os.kill(launcher.pid, signal.SIGINT)
    assert launcher.ends() == 1
    assert launcher.lines[-1] == "Interrupted."
    assert not (course / ".venv").exists()


def test_a_set_up_that_did_not_help_is_not_repeated(course, bare, launch, uv):
    done = launch("test", python=bare, cwd=course, **{environment.AGAIN: "1"})
    assert done.returncode == 1
    assert "pytest>=8.4" in done.stderr
    assert is_one_sentence(done.stderr)
    assert uv() == []


def test_doctor_makes_no_environment(checkout, bare, launch, uv):
    done = launch("doctor", python=bare, cwd=checkout)
    assert done.returncode == 1
    assert "✗ the packages: no ipykernel" in done.stdout
    assert "✗ a Redis server: not looked at" in done.stdout
    assert done.stderr == ""
    assert not (checkout / ".venv").exists()
    assert uv() == []
    assert Path(bare).exists()
