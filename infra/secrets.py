"""`python -m infra.secrets FOLDER`: the secrets of a new deployment, each in a file of its own.

Containers read them at /run/secrets. The folder is for its owner alone; the files are readable by whatever
user a container runs as. What is there already stays.
"""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path

from distributed import Security

DATABASE = "postgresql+asyncpg://ogive:{}@database:5432/ogive"


def write(folder: Path) -> list[Path]:
    """Make the secrets that are not there yet; the files that were written."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    password, access, secret = secrets.token_hex(24), secrets.token_hex(10), secrets.token_hex(20)
    tls = Security.temporary()
    together = (
        {"database_password": password, "ogive_database": DATABASE.format(password)},
        {
            "s3_access_key": access,
            "s3_secret_key": secret,
            "aws_credentials": f"[default]\naws_access_key_id = {access}\naws_secret_access_key = {secret}\n",
        },
        {"dask_certificate": tls.tls_ca_file, "dask_key": tls.tls_client_key},
        {"ogive_admin_key": secrets.token_urlsafe(32)},
        {"ogive_callback_secret": secrets.token_urlsafe(32)},
        {"grafana_password": secrets.token_urlsafe(16)},
    )
    written = []
    for group in together:
        if any((folder / name).exists() for name in group):
            continue
        for name, value in group.items():
            (folder / name).write_text(value)
            written.append(folder / name)
    return written


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="infra.secrets", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("secrets"))
    for path in write(parser.parse_args().folder):
        print(path)
