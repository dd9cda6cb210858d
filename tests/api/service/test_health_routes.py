import shutil

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
    checks = answer.json()["checks"]
    assert {name for name, check in checks.items() if check["state"] == "failed"} == {"store", "cubes"}
    assert "away.zarr" in checks["cubes"]["detail"]
    assert "products" in checks["store"]["detail"]
