"""A headless Chromium, spoken to in the W3C's WebDriver protocol: what the tests of pages need of it, and no more."""

import base64
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
IS_THERE = CHROMIUM is not None and DRIVER is not None


class Browser:
    """One window."""

    def __init__(self, address: str) -> None:
        self._address = address
        # root, as in a container, may have no sandbox; /dev/shm may be small there
        options = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"]
        wanted = {"goog:chromeOptions": {"binary": CHROMIUM, "args": options}, "goog:loggingPrefs": {"browser": "ALL"}}
        self._session = "/session/" + self._ask("/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def open(self, path: Path, *, width: int = 1440, height: int = 900, dark: bool = False) -> None:
        """Open a file in a window of that many CSS pixels, a telephone's where it is narrow."""
        self.run(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.run("Emulation.setEmulatedMedia", features=[scheme])
        self.told()  # of the page before
        self._ask(f"{self._session}/url", {"url": path.resolve().as_uri()})

    def evaluate(self, script: str, *arguments: Any) -> Any:
        """Return what the body of a JavaScript function returns."""
        return self._ask(f"{self._session}/execute/sync", {"script": script, "args": arguments})

    def type(self, selector: str, text: str) -> None:
        """Type into the first field that a CSS selector finds."""
        found = self._ask(f"{self._session}/element", {"using": "css selector", "value": selector})
        self._ask(f"{self._session}/element/{next(iter(found.values()))}/value", {"text": text})

    def told(self) -> list[str]:
        """Return what the console was told since it was last asked: errors, warnings, blocked requests."""
        return [entry["message"] for entry in self._ask(f"{self._session}/se/log", {"type": "browser"})]

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Store what is seen, or the whole page, as PNG."""
        shot = self.run("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def run(self, command: str, **parameters: Any) -> Any:
        """Run a command of Chromium's own protocol."""
        return self._ask(f"{self._session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def close(self) -> None:
        """Close the window."""
        self._ask(self._session, None, method="DELETE")

    def _ask(self, path: str, body: Any, method: str = "POST") -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._address + path, data, {"Content-Type": "application/json"}, method=method
        )
        # no proxy for a server on this machine
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return json.load(answer)["value"]


@contextmanager
def browser() -> Iterator[Browser]:
    """Start a browser, and end it."""
    assert DRIVER is not None
    with subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, text=True) as driver:
        try:
            assert driver.stdout is not None
            # "ChromeDriver was started successfully on port 12345."
            port = next(line.rstrip(".\n").split()[-1] for line in driver.stdout if "successfully on port" in line)
            window = Browser(f"http://127.0.0.1:{port}")
            try:
                yield window
            finally:
                window.close()
        finally:
            driver.terminate()
