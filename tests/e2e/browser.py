# Browser: a headless Chromium, driven over plain WebDriver HTTP (W3C WebDriver, chromedriver).
import base64
import http.client
import json
import shutil
import subprocess
import tempfile

from host_process import PATIENCE_S

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's reference, by the standard
WIDTH, HEIGHT = 1280, 800


def missing():
    """What is needed and not installed, or an empty text."""
    return ", ".join(name for name in ("chromium", "chromedriver") if not shutil.which(name))


class Browser:
    """One chromedriver; `open_page` gives windows of browsers with a fresh profile each."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="gantry-browser-")
        self.process = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True,
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pages = []
        self.port = None
        for line in self.process.stdout:
            if "started successfully on port" in line:
                self.port = int(line.rstrip(".\n").rsplit(" ", 1)[1])
                break
        if self.port is None:
            raise AssertionError("chromedriver did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for page in self.pages:
            page.close()
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, method, path, body=None):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2 * PATIENCE_S)
        try:
            text = json.dumps(body if body is not None else {}) if method == "POST" else None
            link.request(method, path, text, {"Content-Type": "application/json"})
            answer = link.getresponse()
            value = json.loads(answer.read())["value"]
            if answer.status != 200:
                raise AssertionError(f"{method} {path}: {value.get('error')}: {value.get('message')}")
            return value
        finally:
            link.close()

    def open_page(self, url):
        profile = tempfile.mkdtemp(prefix="profile-", dir=self.folder)
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--disable-dev-shm-usage", "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT}",
                     f"--user-data-dir={profile}"]
        wanted = {"alwaysMatch": {"browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
                                  "goog:chromeOptions": {"binary": shutil.which("chromium"), "args": arguments}}}
        session = self.ask("POST", "/session", {"capabilities": wanted})["sessionId"]
        page = Page(self, f"/session/{session}")
        self.pages.append(page)
        page.ask("POST", "/url", {"url": url})
        return page


class Page:
    def __init__(self, browser, path):
        self.browser, self.path = browser, path

    def ask(self, method, path, body=None):
        return self.browser.ask(method, self.path + path, body)

    def run(self, script, *arguments):
        """What the script returns."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def click(self, selector):
        element = self.ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]
        self.ask("POST", f"/element/{element}/click")

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0]).innerText", selector)

    def key(self, kind, key):
        """kind: keyDown or keyUp."""
        actions = [{"type": "key", "id": "keys", "actions": [{"type": kind, "value": key}]}]
        self.ask("POST", "/actions", {"actions": actions})

    def resize_view(self, width, height):
        """Makes the page itself, without the window's frame, as large as that."""
        self.ask("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}})

    def screenshot(self, file):
        picture = base64.b64decode(self.ask("GET", "/screenshot"))
        with open(file, "wb") as out:
            out.write(picture)
        return len(picture)

    def complaints(self):
        """What stands in the console as an error."""
        entries = self.ask("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def close(self):
        try:
            self.ask("DELETE", "")
        except (AssertionError, OSError):
            pass  # it is gone already, and so is what this would end
