"""Lays out /rootfs: one Python, the libraries it loads and one service, and nothing else.

Runs inside the image build, with the Python that will run the service, so that
it works for Debian's Python and for one under /usr/local alike.
"""

import os
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

APP = Path("/app")
ROOT = Path("/rootfs")
USER = "65532"

# Of the standard library, what no server needs: toolkits, installers, the library's own tests.
UNUSED_LIBRARY = (
    *("ensurepip", "idlelib", "lib2to3", "pydoc_data", "site-packages", "dist-packages", "test", "tests"),
    *(
        "nis*.so",
        "ossaudiodev*.so",
        "audioop*.so",
        "spwd*.so",
        "_crypt*.so",
        "_test*.so",
        "_xx*.so",
        "xx*.so",
    ),
    *("tkinter", "turtledemo", "turtle.py", "venv", "__pycache__", "config-*", "_pyrepl", "distutils"),
    *(
        "_dbm*.so",
        "_gdbm*.so",
        "_curses*.so",
        "_tkinter*.so",
        "readline*.so",
        "_sqlite3*.so",
        "sqlite3",
        "curses",
    ),
)
# Of the dependencies, what only building or testing against them needs.
# What an installer notes for itself is different in every build, too.
UNUSED_PACKAGES = ("__pycache__", "*.pyx", "*.pxd", "*.c", "*.h", "RECORD", "uv_cache.json")
UNUSED_PATHS = ("sqlalchemy/testing", "sqlalchemy/dialects/mssql", "sqlalchemy/dialects/mysql",
                "sqlalchemy/dialects/oracle", "alembic/testing", "chassis/testing")  # fmt: skip
OURS = ("auth", "gateway", "triage", "chassis", "reliability")
LOADED = """
import sys, {service}.__main__, {service}.app
for module in list(sys.modules.values()):
    file = getattr(module, "__file__", None) or ""
    if file.endswith(".py"):
        print(file)
"""


def main(service: str) -> None:
    interpreter = Path(os.path.realpath(sys.executable))
    library = Path(sysconfig.get_path("stdlib"))
    copy_tree(library, UNUSED_LIBRARY)
    copy_file(interpreter)
    copy_tree(APP / "lib", UNUSED_PACKAGES)
    for path in UNUSED_PATHS:
        for unused in ROOT.glob(f"app/lib/python*/site-packages/{path}"):
            shutil.rmtree(unused)
    copy_file(APP / "pyvenv.cfg")
    (ROOT / "app/bin").mkdir()
    (ROOT / "app/bin/python").symlink_to(interpreter)
    launcher = ROOT / "app/service"
    launcher.write_text(
        "#!/app/bin/python -I\n"
        "import runpy\n"
        f'runpy.run_module("{service}", run_name="__main__", alter_sys=True)\n'
    )
    launcher.chmod(0o755)
    for needed in shared_libraries(interpreter):
        copy_file(needed)
    settle()
    strip()
    compile_loaded(service)
    stamp()


def copy_tree(source: Path, unused: tuple[str, ...]) -> None:
    shutil.copytree(
        source, ROOT / source.relative_to("/"), ignore=shutil.ignore_patterns(*unused), symlinks=False
    )


def copy_file(source: Path) -> None:
    target = ROOT / source.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def shared_libraries(interpreter: Path) -> set[Path]:
    """What the loader will ask for, of the interpreter and of every extension module copied."""
    found: set[Path] = set()
    for binary in [interpreter, *ROOT.rglob("*.so"), *ROOT.rglob("*.so.*")]:
        listed = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=False).stdout
        for path in re.findall(r"(?:=> )?(/\S+) \(0x", listed):
            if not path.startswith(str(ROOT)):
                found.add(Path(path))
    # Resolving names and users loads these by name, where ldd does not see them.
    libc = next(path for path in found if path.name.startswith("libc.so"))
    found |= {
        path
        for name in ("libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2")
        if (path := libc.with_name(name)).exists()
    }
    return found


def strip() -> None:
    """Leaves out symbols that only a debugger reads, where the build image can."""
    if shutil.which("strip"):
        for binary in ROOT.rglob("*.so"):
            # A few refuse (signed, or not ELF); they stay as they are.
            subprocess.run(["strip", "--strip-unneeded", str(binary)], check=False, stderr=subprocess.DEVNULL)


def compile_loaded(service: str) -> None:
    """Bytecode for what the service imports to start, which is all that ever runs.

    Ours keeps its source beside it, for tracebacks and for whoever looks; of
    the others the bytecode is enough.
    """
    loaded = subprocess.run(
        [APP / "bin/python", "-I", "-c", LOADED.format(service=service)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for file in loaded:
        source = ROOT / Path(os.path.realpath(file)).relative_to("/")
        if not source.exists():
            continue
        ours = any(part in OURS for part in source.parts)
        py_compile.compile(
            str(source),
            cfile=None if ours else str(source.with_suffix(".pyc")),
            dfile=file,
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        if not ours:
            source.unlink()


def settle() -> None:
    """The few files that a process expects of a system."""
    etc = ROOT / "etc"
    etc.mkdir(exist_ok=True)
    (etc / "passwd").write_text(f"root:x:0:0::/:/none\nservice:x:{USER}:{USER}::/:/none\n")
    (etc / "group").write_text(f"root:x:0:\nservice:x:{USER}:\n")
    (etc / "nsswitch.conf").write_text("hosts: files dns\n")
    (ROOT / "tmp").mkdir(mode=0o1777)
    copy_file(Path("/etc/ssl/certs/ca-certificates.crt"))
    # Where the loader looks for a Python that lives under /usr/local.
    copy_file(Path("/etc/ld.so.cache"))


def stamp() -> None:
    """The same input gives the same image: no file remembers when it was built."""
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    for path in [*ROOT.rglob("*"), ROOT]:
        os.utime(path, (epoch, epoch), follow_symlinks=False)


if __name__ == "__main__":
    main(sys.argv[1])
