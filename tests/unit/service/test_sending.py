"""What is sent to addresses that clients name, and what is not."""

import hashlib
import hmac
import ipaddress
import re
from pathlib import Path

import pytest

from service.jobs.sending import Refused, Sender, Undelivered, check, kept_secret, public, signature
from workers.errors import StoreNotWritable

pytestmark = pytest.mark.anyio
SECRET = b"known to one"


def uri(receiver, path="/hook?token=a", host="hook.example"):
    return f"https://{host}:{receiver.server_port}{path}"


async def test_a_document_arrives_under_its_own_name_and_signed(sender, receiver):
    await sender.post(uri(receiver), b'{"a": 1}', {"Content-Type": "application/json"})
    [(path, headers, body)] = receiver.came
    assert (path, body) == ("/hook?token=a", b'{"a": 1}')
    assert headers["Host"] == f"hook.example:{receiver.server_port}"
    moment, told = (part.partition("=")[2] for part in headers["Ogive-Signature"].split(","))
    assert told == hmac.new(sender.secret, moment.encode() + b"." + body, hashlib.sha256).hexdigest()


async def test_redirects_and_refusals_are_no_delivery(sender, receiver):
    receiver.answers += [(302, {"Location": "http://127.0.0.1/secret"}), (500, {})]
    for status in ("302", "500"):
        with pytest.raises(Undelivered, match=f"answered {status}"):
            await sender.post(uri(receiver), b"{}", {})
    assert len(receiver.came) == 2


async def test_a_certificate_of_another_name_is_not_trusted(sender, receiver):
    with pytest.raises(Undelivered, match=r"other\.example"):
        await sender.post(uri(receiver, host="other.example"), b"{}", {})
    assert receiver.came == []


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["::1"], ["fe80::1%eth0"]]
)
async def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(receiver, addresses):
    async def resolve(host, port):
        return addresses

    with pytest.raises(Refused, match="not on the open internet"):
        await Sender(SECRET, resolve).post(uri(receiver), b"{}", {})
    assert receiver.came == []


async def test_a_name_without_an_address_may_be_tried_again():
    async def resolve(host, port):
        raise OSError("no such name")

    with pytest.raises(Undelivered, match="no such name"):
        await Sender(SECRET, resolve).post("https://hook.example/", b"{}", {})


INSIDE = """
127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 0.0.0.0 100.64.0.1 224.0.0.1 255.255.255.255
::1 :: fe80::1 fc00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 2002:7f00:1::
64:ff9b::7f00:1 64:ff9b::10.1.2.3
"""


@pytest.mark.parametrize("address", INSIDE.split())
def test_addresses_that_are_not_on_the_open_internet(address):
    assert not public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:220:1::1", "::ffff:93.184.215.14", "64:ff9b::93.184.215.14"]
)
def test_addresses_that_are(address):
    assert public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "wrong",
    ["http://a.example", "ftp://a", "https://", "a.example/hook", "https://u:p@a.example", "https://a:x"],
)
async def test_other_addresses_are_refused(wrong):
    with pytest.raises(ValueError):
        check(wrong)
    with pytest.raises(Refused):
        await Sender(SECRET).post(wrong, b"{}", {})


def test_the_check_in_the_documentation_works():
    text = (Path(__file__).parents[3] / "docs/jobs.md").read_text()
    names = {}
    exec(re.search(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[1], names)
    header = signature(SECRET, b"{}", 1_700_000_000)
    assert names["genuine"](SECRET, header, b"{}")
    assert not names["genuine"](SECRET, header, b"[]")
    assert not names["genuine"](b"other", header, b"{}")


def test_a_secret_is_made_once_and_is_its_owners_alone(tmp_path):
    path = tmp_path / "folder" / "callback-secret"
    first = kept_secret(path)
    assert len(first) == 64
    assert kept_secret(path) == first
    assert path.stat().st_mode & 0o077 == 0
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_secret_that_cannot_be_kept_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreNotWritable, match="OGIVE_CALLBACK_SECRET"):
        kept_secret(tmp_path / "file" / "callback-secret")
