import shutil
from concurrent.futures import ThreadPoolExecutor

CHECKS = {"database", "scheduler", "store", "cubes"}


def test_a_service_with_all_it_needs_is_ready(api):
    assert api.get("/health/live").json() == {"status": "ok"}
    answer = api.get("/health/ready")
    assert answer.status_code == 200
    checks = answer.json()["checks"]
    assert set(checks) == CHECKS
    assert all(check["state"] == "ok" and check["ms"] >= 0 for check in checks.values())


def test_what_is_missing_is_named(serve, settings, tmp_path):
    away = settings.model_copy(update={"cubes": (str(tmp_path / "away.zarr"),)})
    with serve(settings=away) as client:
        shutil.rmtree(settings.products)
        (tmp_path / "products").write_text("a file where a folder should be")
        answer = client.get("/health/ready")
        assert client.get("/health/live").status_code == 200
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    problem = answer.json()
    assert problem["type"].endswith("/problems/not-ready")
    checks = problem["checks"]
    assert {name for name, check in checks.items() if check["state"] == "failed"} == {"store", "cubes"}
    assert "away.zarr" in checks["cubes"]["detail"]
    assert "products" in checks["store"]["detail"]
    assert all(f"{name}: " in problem["detail"] for name in ("store", "cubes"))


def test_a_flood_of_probes_asks_the_store_next_to_nothing(api, monkeypatch):
    from workers.products.store import ProductStore

    asked, check = [], ProductStore.check_writable
    monkeypatch.setattr(ProductStore, "check_writable", lambda store: (asked.append(store), check(store)))
    with ThreadPoolExecutor(8) as probes:
        answers = list(probes.map(lambda _: api.get("/health/ready").status_code, range(60)))
    assert answers == [200] * 60
    # An answer stands for two seconds; sixty probes take some of them at most.
    assert len(asked) < 6
