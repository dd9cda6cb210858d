"""/api.html in a real browser that reaches no server but this one."""

import json
import os
import shutil
import subprocess
from urllib.parse import urlsplit

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ALONE = (
    "--headless=new",
    "--disable-gpu",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@pytest.mark.skipif(BROWSER is None, reason="no browser is installed")
def test_a_browser_shows_the_whole_description_without_another_server(api, tmp_path):
    """The page is drawn from its own bytes alone: the log of the browser's network tells what it fetched."""
    page, log = str(api.base_url.join("/api.html")), tmp_path / "net.json"
    options = [*ALONE, f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}", "--dump-dom"]
    if os.getuid() == 0:
        options.append("--no-sandbox")
    ran = subprocess.run([BROWSER, *options, page], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    shown = ran.stdout
    for path, methods in api.get("/api").json()["paths"].items():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in shown, path
            for parameter in operation.get("parameters", []):
                assert f"<code>{parameter['name']}</code>" in shown, (path, parameter["name"])
    here = urlsplit(page).netloc
    fetched = [event["params"] for event in json.loads(log.read_text())["events"] if "params" in event]
    fetched = [each for each in fetched if "initiator" in each]
    assert page in [each["url"] for each in fetched]
    # What the browser fetches of its own accord has no origin; the page's icon may come too late to be seen.
    by_page = [each["url"] for each in fetched if each["initiator"].startswith("http")]
    assert {urlsplit(url).netloc for url in by_page} <= {here}
