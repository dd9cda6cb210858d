"""What an Ogive is made of: its folder, the cubes it reads, its cluster, its database, its products."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, field_validator, model_validator
from pydantic_settings import NoDecode

from workers.cubes import chunk_folder
from workers.cubes.merging import MAIN
from workers.cubes.reference import Access
from workers.plan import CubeSource, GivenDataset

_SOURCE = CubeSource()
DatasetName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]


def _cores() -> int:
    """Cores that this process may use, container limits counted."""
    from dask.system import cpu_count  # costly to import, and not needed when the number is given

    return cpu_count()


class Parts(BaseModel):
    """Where the parts are."""

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

    @field_validator("cubes", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        text = value.strip()
        return json.loads(text) if text.startswith("[") else [c for c in map(str.strip, text.split(",")) if c]

    @field_validator("datasets")
    @classmethod
    def _free(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if MAIN in value:
            raise ValueError(f"{MAIN} is what the data set is called that the grid comes from; name another")
        return value

    @model_validator(mode="after")
    def _below_data(self) -> Parts:
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
