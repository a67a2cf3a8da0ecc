"""The set-up: what is missing is seen, made once, and nothing half-made is left when that fails."""

import ast
import ensurepip
import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import tomllib
import venv
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from luffy_lesson.host import doctor, environment
from luffy_lesson.launcher import commands

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
if os.environ.get("UV_CONFIG_FILE", os.devnull) != os.devnull:
    sys.exit()  # it has a `target`: the packages are there
(site,) = Path({venv!r}).glob("lib/python*/site-packages")
for word in sys.argv:
    for wheel in {wheels!r}.get(word, []):
        zipfile.ZipFile(wheel).extractall(site)
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


PROJECT = """
[project]
dependencies = {learners}

[dependency-groups]
test = {testers}
"""


def needs(course, learners, testers):
    """Have the copied checkout need these packages."""
    (course / "pyproject.toml").write_text(PROJECT.format(learners=learners, testers=testers))


@pytest.fixture
def course(checkout):
    """A copied checkout that needs few packages, which `wheels` has."""
    needs(checkout, ["packaging>=23.1", "redis>=6.4"], ["pytest>=8.4"])
    return checkout


@pytest.fixture
def wheels(tmp_path):
    """Packages that can be installed without a network. All but `packaging` only pretend to be what they are called."""
    (tmp_path / "wheels").mkdir()
    said = {"pytest": "print('the tests ran')", "redis": "raise SystemExit('the course opens')", "coffee": ""}
    packages = {name: ("99.0", {f"{name}.py": program}) for name, program in said.items()}
    real = [file for file in importlib.metadata.files("packaging") if file.suffix == ".py"]
    packages["packaging"] = (
        importlib.metadata.version("packaging"),
        {str(file): file.read_text() for file in real},
    )
    made = {}
    for name, (version, files) in packages.items():
        made[name] = tmp_path / f"wheels/{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(made[name], "w") as archive:
            for file, text in with_metadata(name, version, files).items():
                archive.writestr(file, text)
    return made


def with_metadata(name, version, files):
    """Add to the files of a wheel what makes them one."""
    about = f"{name}-{version}.dist-info"
    files = files | {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    return files | {f"{about}/RECORD": "".join(f"{file},,\n" for file in [*files, f"{about}/RECORD"])}


@pytest.fixture
def network(wheels):
    """Variables with which pip finds the wheels, and nothing else."""
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels["pytest"].parent)}


@pytest.fixture
def no_network(closed_port):
    """Variables with which pip finds nothing."""
    return {"PIP_INDEX_URL": f"http://127.0.0.1:{closed_port}/", "PIP_RETRIES": "0"}


@pytest.fixture(scope="module")
def with_pip(tmp_path_factory):
    """A virtual environment with the pip that this Python brings, to copy."""
    folder = tmp_path_factory.mktemp("with_pip") / "venv"
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    brought = [Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels")]  # Debian's are there
    zipfile.ZipFile(next(wheel for place in brought for wheel in place.glob("pip-*.whl"))).extractall(site)
    return folder


@pytest.fixture
def uv(tmp_path, course, wheels):
    """A `uv` on the PATH that installs the wheels. The fixture is a function that returns the calls to it."""
    log, program = tmp_path / "uv.log", tmp_path / "bin/uv"
    program.parent.mkdir(exist_ok=True)
    settings = {
        "python": sys.executable,
        "log": str(log),
        "venv": str(course / ".venv"),
        "wheels": {
            "packaging>=23.1": [str(wheels["packaging"])],
            "redis>=6.4": [str(wheels["redis"]), str(wheels["coffee"])],
            "pytest>=8.4": [str(wheels["pytest"])],
        },
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
    assert environment.missing([f"tea>={floor}"]) == ([] if Version(version) >= Version(floor) else [f"tea>={floor}"])


@pytest.mark.parametrize(("version", "floor"), [("3", "3.0"), ("3.1", "3.1.0")])
def test_zeros_at_the_end_of_a_floor_do_not_matter(tea, version, floor):
    tea(version)
    assert environment.missing([f"tea>={floor}"]) == []


def test_a_package_that_is_absent_is_missing():
    assert environment.missing(["no-such-package>=0.1"]) == ["no-such-package>=0.1"]


def test_a_package_whose_metadata_was_lost_is_missing(tea):
    (tea("2.0") / "METADATA").unlink()
    assert environment.missing(["tea>=1.0", "tea"]) == ["tea>=1.0", "tea"]


def test_what_an_extra_of_an_installed_course_asks_for_is_nothing_that_it_lacks(monkeypatch):
    asks = ["tea>=1", 'none>=1; sys_platform != "win32"', "cake>=1; extra == 'engines'"]
    monkeypatch.setattr(environment, "INSTALLED", True)
    monkeypatch.setattr(importlib.metadata, "requires", {"luffy_lesson": asks}.get)
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)  # nothing can be read but names
    assert environment.missing(environment.learners()) == asks[:2]


def test_a_marker_excuses_one_platform_only():
    here, elsewhere = f'none>=1; sys_platform != "{sys.platform}"', 'none>=1; sys_platform != "vms"'
    assert environment.missing([here, elsewhere]) == [elsewhere]


def test_extras_and_ranges_are_compared(tea):
    tea("2.0")
    assert environment.missing(["tea[milk,sugar]>=2.0", "tea==2.0", "tea>=1.0,<3", "tea", "tea!=1.9"]) == []
    lines = ["tea[milk]>=2.1", "tea==1.0", "tea>=1.0,<2", "tea>=1,!=2.0"]
    assert environment.missing(lines) == lines


def test_a_version_that_is_a_candidate_for_release_counts(tea):
    tea("2.0rc1")
    assert environment.missing(["tea>=1.9"]) == []
    assert environment.missing(["tea>=2.0"]) == ["tea>=2.0"]


@pytest.mark.parametrize("line", ["-r other.txt", "-e .", "tea>=", "tea # why"])
def test_what_is_no_requirement_is_refused(line):
    with pytest.raises(InvalidRequirement):
        environment.missing([line])


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_everything_that_is_needed_can_be_compared(platform, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    assert environment.missing(environment.learners() + environment.testers()) == []


def test_requirements_txt_has_what_pyproject_toml_says_that_learners_and_tests_need():
    lines = (environment.ROOT / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        *environment.learners(),
        *environment.testers(),
        "-e .",
    ]


def test_what_only_tests_and_contributors_need_is_not_a_learners():
    project = tomllib.loads((environment.ROOT / "pyproject.toml").read_text())
    learners = {Requirement(line).name for line in project["project"]["dependencies"]}
    groups = {name: {Requirement(line).name for line in lines} for name, lines in project["dependency-groups"].items()}
    assert {"pytest", "playwright"} <= groups["test"]
    for others in groups.values():
        assert not learners & others


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
        from luffy_lesson.host import environment
        environment._missing_in = lambda python, requirements: requirements
        environment._set_up = lambda python, lacking: sys.exit("the set-up begins")
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


NO_ENSUREPIP = """
import sys
from importlib.machinery import PathFinder

class Debian(PathFinder):  # without python3-venv
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "ensurepip" else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Debian
"""


def fails(done, *says):
    """Whether a set-up has ended with a sentence in which all of this is said."""
    assert done.returncode == 1, done.stdout
    assert is_one_sentence(done.stderr), done.stderr
    for said in says:
        assert said in done.stderr
    return True


def test_without_venv_it_says_what_brings_it_and_leaves_nothing(course, bare, launch, tmp_path):
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/sitecustomize.py").write_text(NO_ENSUREPIP)
    done = launch("lab", python=bare, cwd=course, PYTHONPATH=str(tmp_path / "modules"))
    assert fails(done, f"sudo apt install python3.{sys.version_info.minor}-venv")
    assert not (course / ".venv").exists()


@pytest.mark.package
def test_venv_and_pip_make_the_environment_and_complete_it(course, bare, launch, wheels, network, no_network):
    half_made(course)
    done = launch("lab", python=bare, cwd=course, **network)
    assert done.stderr == "the course opens\n"
    said = done.stdout.splitlines()
    assert "Setting up the course" in said[0]
    assert re.fullmatch(r"  making the environment: \d+ s", said[1])
    assert re.fullmatch(r"  installing the packages: \d+ s", said[2])
    assert re.fullmatch(r"  adding the course: \d+ s", said[3])
    assert len(said) == 4
    (site,) = (course / ".venv").glob("lib/python*/site-packages")
    found = [course / ".venv/bin/python", "-c", "import luffy_lesson; print(luffy_lesson.__file__)"]
    assert subprocess.check_output(found, cwd="/", env={}, text=True) == f"{course}/luffy_lesson/__init__.py\n"
    assert not (site / "pytest.py").exists()  # a learner needs none

    done = launch("lab", python=bare, cwd=course, **no_network)
    assert (done.stdout, done.stderr) == ("", "the course opens\n")  # nothing is set up again

    done = launch("test", python=bare, cwd=course, **no_network)
    assert fails(done, "No package can be downloaded", f"{course / '.venv.log'}. Give it a way to a package index")
    assert "network" not in done.stderr  # nor is this guessed at
    assert (course / ".venv").exists()  # it was there before

    done = launch("test", python=bare, cwd=course, **network)
    assert done.returncode == 0, done.stderr
    assert "the tests ran\n" in done.stdout

    done = launch("test", python=bare, cwd=course, **no_network)
    assert done.stdout.startswith("the tests ran\n")

    needs(course, ["packaging>=23.1", "redis>=6.4", "coffee>=1.0"], ["pytest>=8.4"])
    done = launch("test", python=bare, cwd=course, **network)
    assert done.returncode == 0, done.stderr
    assert (site / "coffee.py").exists()


@pytest.mark.package
def test_what_the_installer_says_is_shown_and_not_guessed_at(course, bare, launch, with_pip, network):
    shutil.copytree(with_pip, course / ".venv", symlinks=True)
    needs(course, ["packaging>=23.1", "cocoa>=1.0"], [])
    done = launch("lab", python=bare, cwd=course, **network)
    assert fails(done, "No matching distribution found for cocoa>=1.0", str(course / ".venv.log"))
    assert "network" not in done.stderr
    assert "No matching distribution found for cocoa>=1.0" in (course / ".venv.log").read_text()
    assert len(done.stderr.splitlines()) <= 7


@pytest.mark.package
def test_settings_that_send_packages_elsewhere_do_not_count(course, bare, launch, with_pip, network, tmp_path):
    shutil.copytree(with_pip, course / ".venv", symlinks=True)
    (tmp_path / "pip.conf").write_text("[global]\nuser = yes\n")
    elsewhere = {name: str(tmp_path / name) for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")}
    settings = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "PIP_USER": "1"}
    done = launch("lab", python=bare, cwd=course, **network, **elsewhere, **settings)
    assert done.stderr == "the course opens\n"
    assert not any(Path(folder).exists() for folder in elsewhere.values())


@pytest.mark.package
@pytest.mark.parametrize("setting", ["target", "prefix"])
def test_a_configuration_that_sends_packages_elsewhere_is_named(
    course, bare, launch, with_pip, network, tmp_path, setting
):
    shutil.copytree(with_pip, course / ".venv", symlinks=True)
    (tmp_path / "pip.conf").write_text(f"[install]\n{setting} = {tmp_path / 'elsewhere'}\n")
    done = launch("lab", python=bare, cwd=course, **network, PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))
    assert fails(done, f"not into {course / '.venv'}", "`pip config list`")
    done = launch("lab", python=bare, cwd=course, **network, PIP_CONFIG_FILE=os.devnull)  # as it says
    assert done.stderr == "the course opens\n"


@pytest.mark.package
def test_what_makes_uv_install_elsewhere_is_named(course, bare, launch, uv):
    done = launch("lab", python=bare, cwd=course, UV_CONFIG_FILE="uv.toml")
    assert fails(done, f"not into {course / '.venv'}", "uv's settings", f"`UV_CONFIG_FILE={os.devnull} python3 -m ")
    assert "pip config" not in done.stderr
    done = launch("lab", python=bare, cwd=course, UV_CONFIG_FILE=os.devnull)  # as it says
    assert done.stderr == "the course opens\n"


@pytest.fixture
def old_redis(tmp_path):
    """A folder with a redis that is too old."""
    (tmp_path / "old/redis-3.5.3.dist-info").mkdir(parents=True)
    (tmp_path / "old/redis-3.5.3.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: redis\nVersion: 3.5.3\n")
    (tmp_path / "old/redis.py").write_text("raise SystemExit('the old redis')")
    return str(tmp_path / "old")


@pytest.mark.package
def test_an_old_package_on_the_pythonpath_hides_nothing(course, bare, launch, uv, old_redis):
    note = f"The course runs without your PYTHONPATH: {old_redis} has other versions.\n"
    for calls in (2, 2):
        done = launch("lab", python=bare, cwd=course, PYTHONPATH=old_redis)
        assert done.stderr == f"{note}the course opens\n"
        assert len(uv()) == calls  # it is set up once


@pytest.mark.parametrize("hides", ["redis.py", "coffee/__init__.py"], ids=["needed", "brought by what is needed"])
def test_whatever_hides_something_of_the_environment_is_left_out(course, bare, launch, uv, tmp_path, hides):
    (tmp_path / "mine" / hides).parent.mkdir(parents=True)
    (tmp_path / "mine" / hides).write_text("raise SystemExit('mine')")
    done = launch("lab", python=bare, cwd=course, PYTHONPATH=f"{tmp_path / 'nowhere'}:{tmp_path / 'mine'}")
    note = f"The course runs without your PYTHONPATH: {tmp_path / 'mine'} has other versions.\n"
    assert done.stderr == f"{note}the course opens\n"


def test_a_pythonpath_that_hides_nothing_stays(course, bare, launch, uv, tmp_path):
    (tmp_path / "mine/redis").mkdir(parents=True)  # a package anywhere goes before a folder that is none
    (tmp_path / "mine/sitecustomize.py").write_text("import sys; sys.stderr.write('mine\\n')")
    done = launch("lab", python=bare, cwd=course, PYTHONPATH=str(tmp_path / "mine"))
    assert done.stderr == "mine\nmine\nthe course opens\n"


def test_a_pythonpath_that_has_what_is_needed_stays(course, launch, wheels, tmp_path):
    """As on the clusters of universities, where it has more than the Python that goes with it."""
    venv.create(tmp_path / "python", symlinks=True)
    (site,) = (tmp_path / "python").glob("lib/python*/site-packages")
    for wheel, folder in [
        ("coffee", site),
        *((name, tmp_path / "modules") for name in ("coffee", "packaging", "redis")),
    ]:
        zipfile.ZipFile(wheels[wheel]).extractall(folder)
    done = launch("lab", python=str(tmp_path / "python/bin/python"), cwd=course, PYTHONPATH=str(tmp_path / "modules"))
    assert done.stderr == "the course opens\n"
    assert not (course / ".venv").exists()


def test_a_checkout_goes_before_a_course_that_is_installed(monkeypatch, tmp_path):
    (tmp_path / "site-packages/luffy_lesson").mkdir(parents=True)
    (tmp_path / "site-packages/luffy_lesson/__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    monkeypatch.setenv("PYTHONPATH", str(environment.ROOT))
    assert environment.hiding([]) == []


def test_doctor_says_that_the_pythonpath_hides_packages(old_redis, monkeypatch):
    monkeypatch.syspath_prepend(old_redis)
    monkeypatch.setenv("PYTHONPATH", old_redis)
    finding = doctor.packages()
    assert not finding.right
    assert finding.mend == f"PYTHONPATH brings other versions, from {old_redis}: `unset PYTHONPATH`, and start again."


@pytest.fixture
def elsewhere(monkeypatch):
    """Another folder of the course, for a launcher in this process that lacks a package."""
    course = Path(tempfile.mkdtemp())  # not tmp_path, which is for this user only
    shutil.copy(environment.ROOT / "pyproject.toml", course)
    for name, path in {"ROOT": course, "VENV": course / ".venv", "LOG": course / ".venv.log"}.items():
        monkeypatch.setattr(environment, name, path)
    monkeypatch.setattr(environment, "missing", lambda requirements: ["tea>=9"])
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(environment.AGAIN, raising=False)
    yield course
    course.chmod(0o755)
    shutil.rmtree(course)


def test_a_folder_that_cannot_be_written_is_named(elsewhere, capsys):
    elsewhere.chmod(0o555)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)  # root can write everywhere
        assert commands.main(["lab"]) == 1
    finally:
        os.seteuid(user)
    said = capsys.readouterr().err
    assert f"cannot write to {elsewhere / '.venv.log'}: Permission denied." in said
    assert "Copy the course to a folder of your own" in said
    assert "apt" not in said


@pytest.mark.parametrize("name", [".venv", ".venv.log"])
def test_something_else_in_the_place_of_what_is_made_is_named(elsewhere, capsys, name):
    if name == ".venv":
        (elsewhere / name).touch()
    else:
        (elsewhere / name).mkdir()
    assert commands.main(["lab"]) == 1
    assert (
        f"cannot write to {elsewhere / name}: {'Not' if name == '.venv' else 'Is'} a directory."
        in capsys.readouterr().err
    )


def test_too_little_space_is_said_before_anything_is_made(elsewhere, capsys, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(399 * 10**6))
    assert commands.main(["lab"]) == 1
    assert capsys.readouterr().err == (
        f"{elsewhere} has 399 MB free, and the packages need 400 MB. Make room, then try again.\n"
    )
    assert not (elsewhere / ".venv").exists()


def test_a_disk_that_is_full_by_then_is_named(elsewhere, capsys, monkeypatch):
    usage = namedtuple("usage", "free")
    free = iter([500, 500, 19])
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(next(free) * 10**6))

    def phase(doing, *command):
        if doing == "installing the packages":
            raise environment.SetUpError("It failed.")

    monkeypatch.setattr(environment, "_phase", phase)
    assert commands.main(["lab"]) == 1
    assert f"{elsewhere} has 19 MB free, and the packages need 400 MB." in capsys.readouterr().err


def test_uv_on_the_path_is_used_and_mends_a_half_made_environment(course, bare, launch, uv):
    half_made(course)
    done = launch("test", python=bare, cwd=course)
    assert done.returncode == 0, done.stderr
    assert "the tests ran" in done.stdout
    made = str(course / ".venv")
    assert uv() == [
        ["venv", "--clear", "--python", bare, made],
        ["pip", "install", "--python", f"{made}/bin/python", "packaging>=23.1", "redis>=6.4", "pytest>=8.4"],
    ]


def test_an_environment_that_lacks_something_is_completed_and_not_made_again(course, bare, launch, uv):
    venv.create(course / ".venv", symlinks=True)
    (course / ".venv/mine").touch()
    assert launch("test", python=bare, cwd=course).returncode == 0
    assert [call[0] for call in uv()] == ["pip"]
    assert (course / ".venv/mine").exists()


@pytest.mark.package
def test_the_first_test_adds_only_what_tests_need(course, bare, launch, uv):
    assert launch("lab", python=bare, cwd=course).stderr == "the course opens\n"
    assert launch("test", python=bare, cwd=course).returncode == 0
    assert [call[4:] for call in uv() if call[0] == "pip"] == [["packaging>=23.1", "redis>=6.4"], ["pytest>=8.4"]]


@pytest.mark.package
def test_a_command_that_is_started_from_the_course_may_need_more(course, bare, launch, uv, wheels):
    """As in a terminal in JupyterLab, which a launcher has started after a set-up."""
    program = "import os; os.execv(os.sys.executable, [os.sys.executable, '-m', 'luffy_lesson', 'test'])"
    with zipfile.ZipFile(wheels["redis"]) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(wheels["redis"], "w") as archive:
        for name, content in (files | {"redis.py": program.encode()}).items():
            archive.writestr(name, content)
    done = launch("lab", python=bare, cwd=course)
    assert done.returncode == 0, done.stderr
    assert "the tests ran" in done.stdout


@pytest.mark.parametrize(
    ("fails", "sentence"),
    [("venv", "failed while making the environment"), ("pip", "uv: no network\nNo package can be downloaded")],
)
@pytest.mark.package
def test_when_uv_fails_it_says_so_and_a_later_try_succeeds(course, bare, launch, uv, fails, sentence):
    done = launch("test", python=bare, cwd=course, UV_FAILS=fails)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert is_one_sentence(done.stderr)
    assert not (course / ".venv").exists()
    assert launch("test", python=bare, cwd=course).returncode == 0


def test_an_interrupted_set_up_leaves_nothing(course, bare, start, uv, eventually):
    # A test run in the background has SIGINT switched off, and its children too.
    launcher = start(
        "test", python=bare, cwd=course, preexec=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), UV_WAITS="1"
    )
    launcher.wait_for("Setting up the course")
    eventually(lambda: "uv waits" in (course / ".venv.log").read_text())
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
