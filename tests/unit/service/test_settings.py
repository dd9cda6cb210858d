import pytest
from pydantic import ValidationError

from service.settings import Settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    import os

    for name in list(os.environ):
        if name.startswith("OGIVE_"):
            monkeypatch.delenv(name)


def test_everything_lies_in_the_data_folder(tmp_path):
    settings = Settings(data=tmp_path)
    assert settings.database == f"sqlite+aiosqlite:///{tmp_path}/ogive.sqlite"
    assert settings.products == f"{tmp_path}/products"
    assert settings.source.cubes == ()
    assert settings.source.stac_url.startswith("https://")


@pytest.mark.parametrize("text", ["a.zarr, s3://b/c.zarr", '["a.zarr", "s3://b/c.zarr"]'])
def test_cubes_by_comma_or_json(monkeypatch, text):
    monkeypatch.setenv("OGIVE_CUBES", text)
    assert Settings().source.cubes == ("a.zarr", "s3://b/c.zarr")


def test_arguments_go_before_the_environment(monkeypatch):
    monkeypatch.setenv("OGIVE_PORT", "9")
    assert Settings().port == 9
    assert Settings(port=10).port == 10


def test_secrets_may_stand_in_files(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("0123456789abcdef0123456789abcdef\n")
    monkeypatch.setenv("OGIVE_ADMIN_KEY_FILE", str(tmp_path / "key"))
    assert Settings().admin_key.get_secret_value() == "0123456789abcdef0123456789abcdef"
    monkeypatch.setenv("OGIVE_ADMIN_KEY", "f" * 32)
    assert Settings().admin_key.get_secret_value() == "f" * 32
    monkeypatch.setenv("OGIVE_DATABASE_FILE", str(tmp_path / "none"))
    with pytest.raises(ValidationError, match=r"OGIVE_DATABASE_FILE names a file that cannot be read.*none"):
        Settings()


def test_what_is_no_secret_stands_in_no_file(monkeypatch):
    monkeypatch.setenv("OGIVE_PORT_FILE", "port")
    with pytest.raises(ValidationError, match="OGIVE_PORT_FILE is no setting"):
        Settings()


@pytest.mark.parametrize(
    ("name", "hint"), [("OGIVE_WORKRES", "did you mean OGIVE_WORKERS"), ("OGIVE_QZX", "the settings are")]
)
def test_unknown_names_are_refused(monkeypatch, name, hint):
    monkeypatch.setenv(name, "3")
    with pytest.raises(ValidationError, match=f"{name} is no setting of Ogive; {hint}"):
        Settings()


def test_names_of_the_tests_are_left_alone(monkeypatch):
    monkeypatch.setenv("OGIVE_TEST_DATA", "/data")
    assert Settings().port == 8000


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "70000"), ("WORKERS", "0"), ("LIMIT_WAIT", "0"), ("CUBES", "[1")]
)
def test_values_out_of_range_are_refused(monkeypatch, name, value):
    monkeypatch.setenv(f"OGIVE_{name}", value)
    with pytest.raises(Exception, match=name.lower()):
        Settings()


def test_products_may_lie_on_s3_and_paths_become_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Settings(products="s3://bucket/prefix").products == "s3://bucket/prefix"
    assert Settings(products="here").products == f"{tmp_path}/here"


def test_every_setting_is_described():
    assert all(field.description for field in Settings.model_fields.values())


def test_each_setting_stands_in_one_group_and_all_in_one_flat_list():
    named = [name for group in reversed(Settings.__bases__) for name in group.model_fields]
    assert list(Settings.model_fields) == named
    assert len(set(named)) == len(named)


def test_limits_name_their_setting():
    limits = Settings(limit_wait=5).limits
    assert limits["wait"]["value"] == 5
    assert {limit["setting"] for limit in limits.values()} >= {"OGIVE_LIMIT_WAIT", "OGIVE_LIMIT_PIXELS"}


def test_public_url_has_no_slash_at_its_end():
    assert Settings(public_url="https://ogive.example/").public_url == "https://ogive.example"


def test_further_data_sets_are_named_in_json(monkeypatch):
    monkeypatch.setenv("OGIVE_DATASETS", '{"ige": ["a.zarr", "b.zarr"], "other": ["c.zarr"]}')
    sets = Settings().source.datasets
    assert [(each.name, each.cubes) for each in sets] == [
        ("ige", ("a.zarr", "b.zarr")), ("other", ("c.zarr",)),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["main", "a,b", ""])
def test_names_of_data_sets_that_no_request_could_say_are_refused(monkeypatch, name):
    monkeypatch.setenv("OGIVE_DATASETS", f'{{"{name}": ["a.zarr"]}}')
    with pytest.raises(ValidationError, match="datasets"):
        Settings()
