"""Every setting and every limit of the service, read from `OGIVE_*` in the environment."""

from __future__ import annotations

import datetime as dt
import difflib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service.security import rates, scopes
from service.security.keys import VARIABLE
from service.security.provider import ALGORITHMS, Provider
from workers.cubes import chunk_folder
from workers.cubes.merging import MAIN
from workers.cubes.reference import Access
from workers.plan import CubeSource, GivenDataset, Limits
from workers.telemetry import logs

PREFIX = "OGIVE_"
TEST_PREFIX = "OGIVE_TEST_"
SECRETS = ("database", "callback_secret", "admin_key")
"""What may stand in a file that `OGIVE_..._FILE` names, so that no list of containers shows it"""
_SOURCE = CubeSource()
DatasetName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]


def _cores() -> int:
    """Cores that this process may use, container limits counted."""
    from dask.system import cpu_count  # costly to import, and not needed when the number is given

    return cpu_count()


class Settings(BaseSettings):
    """How one Ogive runs. Arguments go before the environment, and that before files that it names.

    Raises:
        pydantic.ValidationError: a value is malformed, or the environment holds an `OGIVE_` name that is no
            setting (`OGIVE_TEST_*` are the tests').
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    data: Path = Field(Path("ogive-data"), description="Folder of everything that Ogive writes.")
    cubes: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Cubes to serve instead of the public ones: paths or URLs, by comma or as JSON."
    )
    datasets: dict[DatasetName, tuple[str, ...]] = Field(
        default={},
        description="Further data sets that requests may merge in by name, as JSON: "
        '{"ige": ["/data/ige.zarr"]}; cubes on any grid.',
    )
    stac_url: str = Field(_SOURCE.stac_url, description="STAC API that lists the public cubes.")
    catalog_url: str = Field(
        _SOURCE.catalog_url, description="GeoJSON catalog of the cubes, asked when the STAC API fails."
    )
    source_endpoint: str | None = Field(
        None, description="S3 endpoint that holds the cubes, where it is not Amazon's."
    )
    source_anonymous: bool = Field(True, description="Read cubes from S3 without signing the requests.")
    chunks: str = Field(
        "",
        description="Folder of the chunks of remote cubes that are kept for the next request; `chunks` in "
        "the data folder by default; workers that are started by hand read it too, and keep none without it.",
    )
    chunks_bytes: int = Field(
        chunk_folder.MOST_BYTES,
        ge=0,
        description="Bytes of these that are kept at most, and never more than half of what the disk would "
        "have free without them; 0: none; workers read it too.",
    )
    scheduler: str | None = Field(
        None,
        description="Address of a Dask scheduler (tcp://host:8786) whose workers offer the resource shard=1. "
        "Without it a local cluster runs.",
    )
    workers: int = Field(default_factory=_cores, ge=1, description="Processes of the local cluster.")
    threads_per_worker: int = Field(
        2, ge=1, description="Threads of each; one of them computes shards, the others are kept for points."
    )
    database: str = Field(
        "", description="SQLAlchemy URL of jobs and catalog; an SQLite file in the data folder by default."
    )
    products: str = Field(
        "", description="Folder or s3:// URL of the products; `products` in the data folder by default."
    )
    public_url: str | None = Field(
        None, description="Address that links start with, where it differs from the one requested."
    )
    retention_days: float | None = Field(
        None,
        gt=0,
        description="Days after which products and what failed jobs left are deleted; none: never.",
    )
    callback_secret: SecretStr | None = Field(
        None,
        description="Signs what is sent to subscribers (HMAC-SHA256); by default a random one, kept "
        "in the data folder as `callback-secret`.",
    )
    subscription_interval: float = Field(
        3600.0, gt=0, description="Seconds between two looks at what a subscription watches."
    )
    anonymous: str | None = Field(
        None,
        description="What may be done without a key: read, run or admin (each holds those before it), or "
        "none; by default everything from this very machine, while the service listens to nobody "
        "else; read otherwise.",
    )
    admin_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="A key that may do everything, to begin with: 32 characters or more, beyond guessing.",
    )
    oidc_issuer: str | None = Field(
        None, description="OpenID provider whose bearer tokens are taken (their claim `iss`)."
    )
    oidc_audience: str | None = Field(None, description="What the tokens must be made for (`aud`).")
    oidc_jwks_url: str | None = Field(
        None, description="Where the provider publishes its keys (JWKS); else it is asked for that."
    )
    oidc_algorithms: Annotated[tuple[str, ...], NoDecode] = Field(
        ("RS256", "ES256"), description="Signatures that are taken, by comma."
    )
    oidc_scope_claim: str = Field(
        "scope", description="Claim that holds the scopes: ogive:read, ogive:run, ogive:admin."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    metrics: str | None = Field(
        None,
        pattern=r"^\S+:\d+$",
        description="Address (127.0.0.1:9464) of Prometheus metrics and of the list of workers to scrape; "
        "without it there are none. Nobody is asked who they are there: keep it off the open internet.",
    )
    log_format: logs.Form = Field(
        "text", description="Form of log lines: text for people, json for machines; workers read it too."
    )
    log_level: logs.Level = Field("info", description="Least level of what is logged; workers read it too.")
    wait: float = Field(
        20.0,
        gt=0,
        description="Seconds that a request for series waits, unless it says so by Prefer: wait=n.",
    )
    series_cache: int = Field(
        64 << 20, ge=0, description="Bytes of computed series kept in memory, and half as many of answers."
    )
    limit_pixels: int = Field(Limits().max_pixels, ge=1, description="Pixels that one job may compute.")
    limit_cpu_seconds: float = Field(
        Limits().max_cpu_seconds, gt=0, description="Processor seconds that one job may be expected to cost."
    )
    limit_jobs_running: int = Field(5, ge=1, description="Jobs that run at once; others wait for their turn.")
    limit_jobs_queued: int = Field(50, ge=0, description="Jobs that may wait for their turn.")
    limit_jobs_caller: int = Field(20, ge=1, description="Jobs of one caller that run or wait at once.")
    limit_cpu_seconds_day: float = Field(
        5 * Limits().max_cpu_seconds,
        gt=0,
        description="Processor seconds that the jobs of one caller may cost in 24 hours; all who are "
        "anonymous count as one.",
    )
    limit_subscriptions: int = Field(1000, ge=0, description="Subscriptions of all callers together.")
    limit_subscriptions_caller: int = Field(50, ge=0, description="Subscriptions of one caller.")
    limit_requests: str = Field(
        "600/minute, 5000/hour, 10000/day",
        description="Requests of one key; reads of product objects are counted apart, twenty times as many.",
    )
    limit_requests_anonymous: str = Field(
        "60/minute, 500/hour, 1000/day", description="The same for one address (IPv6: /64) that sends no key."
    )
    limit_body: int = Field(1 << 20, ge=1, description="Bytes of one request's body.")
    limit_query: int = Field(1 << 14, ge=1, description="Bytes of one request's query string.")
    limit_wait: float = Field(60.0, gt=0, description="Seconds that one request may wait for its answer.")
    limit_points_at_once: int = Field(
        25, ge=1, description="Places of one GET, and of a POST that is answered without a job."
    )
    limit_points: int = Field(500, ge=1, description="Places that one request may ask for.")
    limit_list: int = Field(1000, ge=1, description="Entries on one page of a list.")
    limit_inline: int = Field(
        20_000_000,
        ge=1,
        description="Bytes of values in one EDR answer; for more, the answer leads to the Zarr store.",
    )
    limit_file: int = Field(
        2_000_000_000,
        ge=1,
        description="Bytes of values in one file of a product; for more, the answer leads to the Zarr store.",
    )

    @model_validator(mode="before")
    @classmethod
    def _only_known_names(cls, values: dict) -> dict:
        if problems := list(_unknown_names(os.environ, cls)):
            raise ValueError(" ".join(problems))
        return dict(_read_files(os.environ)) | values

    @field_validator("cubes", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        text = value.strip()
        return json.loads(text) if text.startswith("[") else [c for c in map(str.strip, text.split(",")) if c]

    @field_validator("oidc_algorithms", mode="before")
    @classmethod
    def _only_public_keys(cls, value: object) -> object:
        names = [name.strip() for name in value.split(",")] if isinstance(value, str) else value
        if wrong := [name for name in names if name not in ALGORITHMS]:
            raise ValueError(f"{wrong[0]!r} is not taken; these are: {', '.join(ALGORITHMS)}")
        return names

    @field_validator("anonymous")
    @classmethod
    def _scopes(cls, value: str | None) -> str | None:
        if value is not None:
            scopes.parse(value)
        return value

    @field_validator("limit_requests", "limit_requests_anonymous")
    @classmethod
    def _rates(cls, value: str) -> str:
        rates.parse(value)
        return value

    @field_validator("datasets")
    @classmethod
    def _free(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if MAIN in value:
            raise ValueError(f"{MAIN} is what the data set is called that the grid comes from; name another")
        return value

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else None

    @model_validator(mode="after")
    def _provider_whole(self) -> Settings:
        names = ("oidc_issuer", "oidc_audience")
        missing = [name for name in names if getattr(self, name) is None]
        if missing and (len(missing) < len(names) or self.oidc_jwks_url is not None):
            given = " and ".join(f"{PREFIX}{name.upper()}" for name in missing)
            raise ValueError(f"an OpenID provider takes an issuer and an audience; give {given} too")
        return self

    @model_validator(mode="after")
    def _below_data(self) -> Settings:
        folder = self.data.absolute()
        if not self.database:
            object.__setattr__(self, "database", f"sqlite+aiosqlite:///{folder / 'ogive.sqlite'}")
        object.__setattr__(self, "chunks", str(Path(self.chunks or folder / "chunks").absolute()))
        products = self.products or str(folder / "products")
        if "://" not in products:  # workers may have another working directory
            products = str(Path(products).absolute())
        object.__setattr__(self, "products", products)
        return self

    @property
    def provider(self) -> Provider | None:
        """The OpenID provider whose tokens are taken."""
        if self.oidc_issuer is None or self.oidc_audience is None:
            return None
        return Provider(
            self.oidc_issuer,
            self.oidc_audience,
            self.oidc_jwks_url,
            self.oidc_algorithms,
            self.oidc_scope_claim,
        )

    @property
    def source(self) -> CubeSource:
        """Where cubes come from, as the workers take it."""
        access = Access(anonymous=self.source_anonymous, endpoint_url=self.source_endpoint)
        return CubeSource(
            cubes=self.cubes,
            datasets=tuple(GivenDataset(name=name, cubes=cubes) for name, cubes in self.datasets.items()),
            stac_url=self.stac_url,
            catalog_url=self.catalog_url,
            access=access,
        )

    def expiry(self, made: dt.datetime) -> dt.datetime | None:
        """When what was made at a moment is deleted; None for never."""
        return None if self.retention_days is None else made + dt.timedelta(days=self.retention_days)

    @property
    def limits(self) -> dict[str, dict[str, object]]:
        """Every limit: its value, the variable that sets it, and what it limits."""
        return {
            name.removeprefix("limit_"): {
                "value": getattr(self, name),
                "setting": f"{PREFIX}{name.upper()}",
                "description": field.description,
            }
            for name, field in type(self).model_fields.items()
            if name.startswith("limit_")
        }

    def refused_by(self, limit: str) -> dict[str, object]:
        """A limit as refusals tell it: its name, its value and the variable that sets it."""
        told = self.limits[limit]
        return {"limit": limit, "value": told["value"], "setting": told["setting"]}


def _read_files(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What files hold that the environment names in the place of a secret."""
    for name in SECRETS:
        variable = f"{PREFIX}{name.upper()}_FILE"
        if variable in environment:
            try:
                yield name, Path(environment[variable]).read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"{variable} names a file that cannot be read: {error}.") from error


def _unknown_names(environment: Mapping[str, str], settings: type[Settings]):
    known = [name.upper() for name in (*settings.model_fields, *(f"{secret}_file" for secret in SECRETS))]
    for name in sorted(environment):
        upper = name.upper()
        short = upper.removeprefix(PREFIX)
        if upper.startswith(PREFIX) and not upper.startswith((TEST_PREFIX, VARIABLE)) and short not in known:
            near = difflib.get_close_matches(short, known, n=1)
            names = ", ".join(f"{PREFIX}{other}" for other in known)
            hint = f"did you mean {PREFIX}{near[0]}?" if near else f"the settings are {names}."
            yield f"{name} is no setting of Ogive; {hint}"
