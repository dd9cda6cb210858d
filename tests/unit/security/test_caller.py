import pytest

from service.security.caller import ANONYMOUS, Caller, loopback, network
from service.security.scopes import EVERYTHING, NOTHING


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_an_address_is_counted_as_its_user(address, counted):
    assert network(address) == counted


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.8.8", "localhost", "LOCALHOST", "::1", "[::1]", "::ffff:127.0.0.1"]
)
def test_loopback_is_known(host):
    assert loopback(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "::"]
)
def test_nothing_else_is_taken_for_loopback(host):
    assert not loopback(host)


def test_whose_a_job_is():
    ada = Caller("key:ada", NOTHING, "key:1")
    nobody = Caller(ANONYMOUS, NOTHING, "203.0.113.7")
    admin = Caller("key:root", EVERYTHING, "key:2")
    assert ada.owns("key:ada")
    assert not ada.owns("key:bob")
    assert not ada.owns(None)
    assert not nobody.owns("key:ada")
    assert nobody.owns(ANONYMOUS)
    assert not Caller(None, NOTHING, "").owns(None)
    assert all(admin.owns(owner) for owner in ("key:ada", ANONYMOUS, None))
