"""A real Slurm of two nodes on this machine, in a folder of its own, as long as a context lasts.

    python tests/slurm/cluster.py install   # the packages that are missing
    python tests/slurm/cluster.py bash      # a shell in which sbatch, squeue and sacct work

munge, MariaDB, slurmdbd, slurmctld and two slurmd listen on free ports of the loopback. Their
files, sockets and keys are in the folder, so nothing of the machine's own Slurm is touched. It
needs root (slurmd starts jobs as their users) and the packages of `PACKAGES`, of Debian or Ubuntu.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PACKAGES = ("slurm-wlm", "slurmdbd", "munge", "mariadb-server")
PROGRAMS = ("munged", "mariadbd", "mariadb-install-db", "slurmdbd", "slurmctld", "slurmd", "sbatch")
NODES = ("node1", "node2")
STARTS_IN = 180  # seconds at most for each daemon, on a busy machine
STUCK = 60  # seconds in which a node is idle again, unless a job of it is stuck
STOPS_IN = 10
MIN_JOB_AGE = 300  # seconds for which slurmctld remembers a job that has ended, Slurm's default
DATABASE = "slurm_acct_db"

SLURM_CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={slurmctld_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdParameters=config_overrides
SlurmdTimeout=20
ReturnToService=2
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill,UsePss
KillWait=3
MinJobAge={min_job_age}
SchedulerParameters=sched_interval=2,bf_interval=2
GresTypes=gpu
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageTRES=gres/gpu
AccountingStorageHost=127.0.0.1
AccountingStoragePort={slurmdbd_port}
AccountingStoragePass={folder}/munge.socket
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
NodeName={first} NodeHostname={host} NodeAddr=127.0.0.1 Port={first_port} {size}
NodeName={second} NodeHostname={host} NodeAddr=127.0.0.1 Port={second_port} {size}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=gpu Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=9 PreemptMode=OFF
"""
SLURMDBD_CONF = """
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={slurmdbd_port}
SlurmUser=root
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={database_port}
StorageUser=root
StoragePass=none
StorageLoc={database}
"""


def missing() -> list[str]:
    """The programs of the packages that this machine lacks."""
    return [name for name in PROGRAMS if shutil.which(name, path=search_path()) is None]


def install() -> None:
    """Install the packages that are missing, as root on Debian or Ubuntu; start no service.

    Raises:
        SystemExit: They cannot be installed here; the message names them.
    """
    if not (lacking := missing()):
        return
    if os.geteuid() or shutil.which("apt-get") is None:
        sys.exit(f"no {', '.join(lacking)}: as root, install {' '.join(PACKAGES)}")
    policy = Path("/usr/sbin/policy-rc.d")  # asked before a package starts its service
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (("update",), ("install", "--yes", "--no-install-recommends", *PACKAGES)):
            subprocess.run(["apt-get", "--quiet=2", *command], env=environment, check=True)
    finally:
        if ours:
            policy.unlink()


def search_path() -> str:
    """The search path for programs, with those of the system's administrator."""
    return f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"


class Cluster:
    """A running Slurm.

    Attributes:
        folder: Its files: configuration, logs, sockets, the database.
        environment: With this environment, Slurm's commands speak to it.
    """

    def __init__(self, folder: Path) -> None:
        """Write the configuration; `start` starts the daemons.

        Args:
            folder: An empty folder with a short path, because it holds sockets.
        """
        self.folder = folder
        self.environment = os.environ | {
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PATH": search_path(),
        }
        self._min_job_age = MIN_JOB_AGE
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        names = ("slurmctld_port", "slurmdbd_port", "database_port", "first_port", "second_port")
        self._ports = dict(zip(names, _free_ports(len(names)), strict=True))
        filled = self._ports | {
            "folder": folder,
            "host": socket.gethostname().partition(".")[0],
            "min_job_age": MIN_JOB_AGE,
            "first": NODES[0],
            "second": NODES[1],
            "size": "CPUs=8 RealMemory=32000 Gres=gpu:1 State=UNKNOWN",
            "database": DATABASE,
        }
        for name, text in {
            "slurm.conf": SLURM_CONF,
            "slurmdbd.conf": SLURMDBD_CONF,
            # Any device will do: jobs are only told its number.
            "gres.conf": "Name=gpu File=/dev/null\n",
        }.items():
            path = folder / name
            path.write_text(text.format(**filled).lstrip(), encoding="utf-8")
            path.chmod(0o600)

    def start(self) -> None:
        """Start all daemons and wait until both nodes take jobs."""
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        (self.folder / "state").mkdir()
        self._start(
            "munged", "--foreground", "--force", f"--key-file={key}",
            f"--socket={self.folder / 'munge.socket'}", f"--pid-file={self.folder / 'munged.pid'}",
            f"--log-file={self.folder / 'munged.log'}", f"--seed-file={self.folder / 'munge.seed'}",
        )  # fmt: skip
        wait(lambda: (self.folder / "munge.socket").exists(), "munged")
        self._start_database()
        self.start_slurmdbd()
        # Before slurmctld: it registers itself with its cluster.
        self.run("sacctmgr", "--immediate", "add", "cluster", "test")
        self.run("sacctmgr", "--immediate", "add", "account", "default")
        self.run("sacctmgr", "--immediate", "add", "user", "root", "account=default")
        self.start_slurmctld()
        for node in NODES:
            self.start_node(node)
        wait(self._are_idle, "the nodes")

    def start_slurmdbd(self) -> None:
        """Start slurmdbd, again if it was stopped."""
        self._start("slurmdbd", "-D")
        wait(lambda: _listens(self._ports["slurmdbd_port"]), "slurmdbd")

    def start_slurmctld(self) -> None:
        """Start slurmctld, again if it was stopped."""
        self._start("slurmctld", "-D")
        wait(lambda: _listens(self._ports["slurmctld_port"]), "slurmctld")

    def start_node(self, node: str) -> None:
        """Start the slurmd of a node, again if it was stopped."""
        (self.folder / f"spool-{node}").mkdir(exist_ok=True)
        self._start("slurmd", "-D", "-N", node, name=node)

    def stop(self, name: str) -> None:
        """Stop one daemon: a program, or the slurmd of a node by its name."""
        _stop(self._daemons.pop(name))

    def stop_all(self) -> None:
        """Cancel all jobs and stop all daemons, the last first; whatever is left is killed."""
        with contextlib.suppress(subprocess.SubprocessError, TimeoutError):
            self._cancel_all()
        while self._daemons:
            _stop(self._daemons.popitem()[1])
        # slurmstepd is no child of ours, and a job may have left more.
        for process in _with_variable("SLURM_CONF", self.environment["SLURM_CONF"]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def run(self, *command: str, timeout: float = 60, **options: object) -> str:
        """Run a command of Slurm; return what it prints."""
        done = subprocess.run(
            command,
            env=self.environment,
            timeout=timeout,
            capture_output=True,
            text=True,
            **options,
        )
        if done.returncode:
            raise subprocess.SubprocessError(f"{' '.join(command)}: {done.stderr or done.stdout}")
        return done.stdout

    def set_min_job_age(self, seconds: int) -> None:
        """Change for how long slurmctld remembers a job that has ended."""
        path = self.folder / "slurm.conf"
        text = re.sub("MinJobAge=.*", f"MinJobAge={seconds}", path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
        self.run("scontrol", "reconfigure")
        self._min_job_age = seconds

    def node_of(self, number: str) -> str:
        """The node on which a job runs."""
        return self.run("squeue", "--noheader", f"--jobs={number}", "--format=%N").strip()

    def restore(self) -> None:
        """Cancel all jobs, start what was stopped, and let both nodes take jobs again."""
        if "slurmdbd" not in self._daemons:
            self.start_slurmdbd()
        if "slurmctld" not in self._daemons:
            self.start_slurmctld()
        self._cancel_all()
        for node in NODES:
            # A node that is neither drained nor down cannot be resumed.
            with contextlib.suppress(subprocess.SubprocessError):
                self.run("scontrol", "update", f"nodename={node}", "state=resume")
        try:
            wait(self._are_idle, "the nodes", STUCK)
        except TimeoutError:
            self._restart_afresh()
            wait(self._are_idle, "the nodes")
        if self._min_job_age != MIN_JOB_AGE:
            self.set_min_job_age(MIN_JOB_AGE)

    def _restart_afresh(self) -> None:
        """Start slurmctld without what it remembers.

        Of a job that ended while it was away, it may count the cores as taken for good ("mix").
        """
        numbers = [int(job["JobIDRaw"]) for job in self.jobs()]
        self.stop("slurmctld")
        shutil.rmtree(self.folder / "state")
        (self.folder / "state").mkdir()
        with open(self.folder / "slurm.conf", "a", encoding="utf-8") as lines:
            lines.write(f"FirstJobId={max(numbers, default=0) + 1}\n")
        self.start_slurmctld()

    def jobs(self) -> list[dict[str, str]]:
        """All jobs that there are or were, from the accounting, in order of submission."""
        fields = ("JobIDRaw", "JobName", "State", "NodeList", "ReqMem", "ReqTRES", "Start", "End")
        listed = self.run(
            "sacct", "-X", "-n", "-P", "--duplicates", "-o", ",".join(fields), "-S", "now-1days"
        )
        return [dict(zip(fields, line.split("|"), strict=True)) for line in listed.splitlines()]

    def _start_database(self) -> None:
        data = self.folder / "database"
        log = (self.folder / "mariadbd.log").open("wb")
        common = ["--no-defaults", f"--datadir={data}", "--user=root"]
        subprocess.run(
            ["mariadb-install-db", *common, "--auth-root-authentication-method=normal"],
            env=self.environment, stdout=log, stderr=log, check=True,
        )  # fmt: skip
        # Nobody else can reach it: it listens on the loopback, and lives as long as the tests.
        self._start(
            "mariadbd", *common, "--skip-grant-tables", "--bind-address=127.0.0.1",
            f"--port={self._ports['database_port']}", f"--socket={self.folder / 'database.socket'}",
            f"--pid-file={self.folder / 'mariadbd.pid'}", "--innodb-lock-wait-timeout=900",
        )  # fmt: skip
        wait(lambda: _listens(self._ports["database_port"]), "mariadbd")

    def _start(self, program: str, *arguments: str, name: str | None = None) -> None:
        name = name or program
        log = (self.folder / f"{name}.out").open("ab")
        self._daemons[name] = subprocess.Popen(
            # With the process that has started them, daemons end, too, even if it is killed.
            ["setpriv", "--pdeathsig=TERM", program, *arguments],
            env=self.environment, cwd=self.folder, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip

    def _cancel_all(self) -> None:
        self.run("scancel", "--user=root", timeout=20)
        wait(lambda: not self.run("squeue", "--noheader").strip(), "the jobs' end")

    def _is_idle(self, node: str) -> bool:
        with contextlib.suppress(subprocess.SubprocessError):
            listed = self.run("sinfo", "--noheader", f"--nodes={node}", "-p", "main", "-o", "%t")
            return listed.strip() == "idle"
        return False

    def _are_idle(self) -> bool:
        return all(map(self._is_idle, NODES))


@contextlib.contextmanager
def running() -> Iterator[Cluster]:
    """A Slurm that runs as long as the context lasts, and leaves nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
    cluster = Cluster(folder)
    try:
        try:
            cluster.start()
        except (TimeoutError, subprocess.SubprocessError) as error:
            logs = "\n".join(
                f"--- {path.name}\n{path.read_text(errors='replace')[-2000:]}"
                for path in sorted([*folder.glob("*.log"), *folder.glob("*.out")])
            )
            raise RuntimeError(f"Slurm did not start: {error}\n{logs}") from error
        yield cluster
    finally:
        cluster.stop_all()
        shutil.rmtree(folder, ignore_errors=True)


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def wait(condition: Callable[[], bool], what: str, seconds: float = STARTS_IN) -> None:
    """Wait until a condition holds; TimeoutError names what is not there."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"{what}: not there after {seconds} seconds")
        time.sleep(0.2)


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(STOPS_IN)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _with_variable(name: str, value: str) -> list[int]:
    """The processes with a variable in their environment, but for this one."""
    sought = f"{name}={value}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if sought in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return [process for process in found if process != os.getpid()]


def main() -> None:
    """Run a command in the environment of a Slurm of its own, or install what that needs."""
    if sys.argv[1:] == ["install"]:
        return install()
    with running() as cluster:
        sys.exit(subprocess.run(sys.argv[1:] or ["bash"], env=cluster.environment).returncode)


if __name__ == "__main__":
    main()
