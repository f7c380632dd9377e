# HostProcess: the real gantry binary with folders of its own, its admin listener, and what /proc says of it.
import argparse
import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from urllib.parse import urlsplit

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATIENCE_S = 60  # more than any step takes on a busy machine; a condition that holds ends a wait at once

options = argparse.Namespace()


def library(name):
    """Where the build has put it."""
    places = [os.path.join(folder, name) for folder in options.plugins.split(":")]
    return next((place for place in places if os.path.exists(place)), places[0])


def main(add_arguments=None, run=None):
    """Runs the tests of the calling program: `--gantry FILE --plugins FOLDERS [--out FOLDER] [unittest's arguments]`."""
    parser = argparse.ArgumentParser()
    build = os.path.join(ROOT, "build", "dev")
    parser.add_argument("--gantry", default=os.path.join(build, "bin", "gantry"), help="the program under test")
    parser.add_argument("--plugins", default=os.path.join(ROOT, "plugins") + ":" + os.path.join(build, "tests", "plugins"),
                        help="folders with the built libraries, a colon between them")
    parser.add_argument("--out", default=os.path.join(build, "tests"), help="where pictures are left")
    if add_arguments:
        add_arguments(parser)
    _, rest = parser.parse_known_args(namespace=options)
    os.environ.pop("GANTRY_PLUGINS", None)
    if run and run(options):
        return
    unittest.main(module="__main__", argv=["test", "--verbose", *rest])


def install():
    """The program as a user has it: installed, beside the headers and the CMake package. For setUpModule; its folder."""
    build = os.path.dirname(os.path.dirname(os.path.abspath(options.gantry)))
    sdk = tempfile.mkdtemp(prefix="gantry-sdk-")
    unittest.addModuleCleanup(shutil.rmtree, sdk, ignore_errors=True)
    subprocess.run(["cmake", "--install", build, "--prefix", sdk], check=True, stdout=subprocess.DEVNULL)
    options.gantry = os.path.join(sdk, "bin", "gantry")
    return sdk


def wait_until(what, condition, seconds=PATIENCE_S):
    """The first true answer of `condition`; asks again and again, and fails with `what` when time is up."""
    pause = threading.Event()
    waited = 0.0
    while True:
        answer = condition()
        if answer:
            return answer
        if waited > seconds:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        pause.wait(0.02)
        waited += 0.02


class Sandbox:
    """A folder with runtime files, temporary files and plugins of its own, gone at the end."""

    def __init__(self, plugins=()):
        self.folder = tempfile.mkdtemp(prefix="gantry-e2e-")
        self.plugins = os.path.join(self.folder, "plugins")
        for name in ("plugins", "run", "tmp"):
            os.mkdir(os.path.join(self.folder, name), 0o700)
        for name in plugins:
            self.add_plugin(name)

    def add_plugin(self, name, to=None):
        """Copies a library of the build into the drop folder, whole at once; returns where it is."""
        target = os.path.join(self.plugins, to or name)
        part = os.path.join(self.folder, "part")
        shutil.copy(library(name), part)
        os.replace(part, target)
        return target

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text if isinstance(text, str) else json.dumps(text))
        return self.path(name)

    def environment(self, **more):
        own = {"XDG_RUNTIME_DIR": self.path("run"), "TMPDIR": self.path("tmp"), "GANTRY_PLUGINS": self.plugins,
               "ARENA_PORT": "0", "ADMIN_PORT": "0", "CHAT_PORT": "0", "ECHO_PORT": "0"}
        return {**os.environ, **own, **more}

    def gantry(self, *arguments, **environment):
        """One command to its end: (exit code, what it printed, what it complained)."""
        done = subprocess.run([options.gantry, *arguments], cwd=ROOT, env=self.environment(**environment), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False)
        return done.returncode, done.stdout, done.stderr

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class HostProcess:
    """A running `gantry run`. Use with `with`: it is ended, kindly first, whatever happens."""

    def __init__(self, sandbox, manifest, **environment):
        self.sandbox = sandbox
        self.log_path = os.path.join(sandbox.folder, f"log-{len(os.listdir(sandbox.folder))}")
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([options.gantry, "run", manifest], cwd=ROOT, text=True, stderr=log,
                                            env=sandbox.environment(**environment), stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE)
        self.pid = self.process.pid
        self.ready = None
        try:
            line = self.process.stdout.readline()
            if not line.startswith("ready "):
                self.process.wait(PATIENCE_S)
                raise AssertionError(f"no ready line but {line!r}; its log:\n{self.log()}")
            self.ready = json.loads(line[len("ready "):])
        except BaseException:
            self.close()
            raise
        self.admin = Admin(self.ready["admin"]["url"], self.ready["admin"]["token"])

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            print(f"--- log of the host (pid {self.pid})\n{self.log()[-8000:]}---", flush=True)
        self.close()

    def close(self):
        if (self.process.poll() or 0) < 0:
            print(f"--- the host (pid {self.pid}) was ended by signal {-self.process.poll()}\n{self.log()[-8000:]}---", flush=True)
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()

    def end(self, number=signal.SIGTERM, seconds=20):
        """Sends a signal and returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_log(self, text):
        wait_until(f"the log says {text!r}; it says:\n{self.log()}", lambda: text in self.log())

    def port(self, listener):
        return next(one["port"] for one in self.ready["listeners"] if one["name"] == listener)

    def mapped(self):
        """Names of the private copies of plugins that are mapped: '<plugin>.<generation>.<hash>.so'."""
        own = os.path.join(self.sandbox.folder, "tmp")
        with open(f"/proc/{self.pid}/maps", encoding="utf-8") as maps:
            paths = {line.split(maxsplit=5)[5].strip() for line in maps if own in line}
        return sorted(os.path.basename(path.removesuffix(" (deleted)")) for path in paths)

    def generations(self, plugin):
        return [int(name.split(".")[1]) for name in self.mapped() if name.split(".")[0] == plugin]


class Admin:
    """The admin listener of a host."""

    def __init__(self, url, token):
        self.url, self.token = url, token
        self.address = urlsplit(url)

    def ask(self, path, body=None, token=None, headers=None):
        """(status, text); `token` other than the host's own shows what a stranger gets."""
        link = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=PATIENCE_S)
        try:
            token = self.token if token is None else token
            own = {"Authorization": f"Bearer {token}"} if token else {}
            if body is not None:
                own["Content-Type"] = "application/json"
            link.request("GET" if body is None else "POST", path, json.dumps(body) if body is not None else None,
                         {**own, **(headers or {})})
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        finally:
            link.close()

    def get(self, path):
        status, text = self.ask(path)
        if status != 200:
            raise AssertionError(f"{path}: {status} {text}")
        return json.loads(text)

    def slowest(self, paths=("/health", "/metrics", "/api/plugins", "/api/who", "/api/worlds", "/api/routes", "/api/sessions",
                             "/api/swaps", "/api/incidents")):
        """(seconds, path) of the slowest of these answers, asked one after the other."""
        times = []
        for path in paths:
            began = time.monotonic()
            status, text = self.ask(path)
            times.append((time.monotonic() - began, path))
            if status != 200:
                raise AssertionError(f"{path}: {status} {text}")
        return max(times)

    def plugins(self):
        return {one["name"]: one for one in self.get("/api/plugins")["plugins"]}

    def candidates(self):
        return self.get("/api/candidates")["candidates"]

    def swap(self, plugin, version):
        status, text = self.ask("/api/swap", {"plugin": plugin, "version": version})
        return status, json.loads(text)

    def metrics(self):
        """Samples by name with labels, as Prometheus reads them; anything else than its format fails."""
        status, text = self.ask("/metrics")
        if status != 200:
            raise AssertionError(f"/metrics: {status} {text}")
        return parse_metrics(text)


def parse_metrics(text):
    samples, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if name in types:
                raise AssertionError(f"{name} has two types")
            types[name] = kind
        elif not line.startswith("# HELP "):
            name, value = line.rsplit(" ", 1)
            family = name.split("{")[0]
            if family not in types:
                raise AssertionError(f"a sample without a type: {line}")
            if name in samples:
                raise AssertionError(f"a sample comes twice: {line}")
            samples[name] = float(value)
    if not samples or not text.endswith("\n"):
        raise AssertionError("the page of metrics ends in the middle of a line")
    return samples
