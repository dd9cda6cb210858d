"""Make the bucket of the products: everybody may read them, browsers too, and nothing unfinished stays.

    python infra/bucket/apply.py BUCKET [--overwrite]

Endpoint and keys come from where botocore reads them (`AWS_...`). A bucket that is there already keeps its
own rules, unless `--overwrite` replaces them. The rules are the JSON files beside this program.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

HERE = Path(__file__).parent


def apply(client: Any, bucket: str, overwrite: bool = False) -> bool:
    """Make a bucket with its rules, by a botocore client of S3; whether any were set.

    Raises:
        botocore.exceptions.ClientError: the server refuses.
    """
    made = _make(client, bucket)
    if not made and not overwrite:
        return False
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration=_rules("cors", bucket))
    client.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration=_rules("lifecycle", bucket)
    )
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_rules("policy", bucket)))
    return True


def _make(client: Any, bucket: str) -> bool:
    try:
        client.head_bucket(Bucket=bucket)
        return False
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise
    region = client.meta.region_name
    # us-east-1 is the one region that must not be named.
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client.create_bucket(Bucket=bucket, **place)
    return True


def _rules(name: str, bucket: str) -> dict[str, Any]:
    return json.loads((HERE / f"{name}.json").read_text().replace("BUCKET", bucket))


def main() -> int:
    """Carry out the command line."""
    parser = argparse.ArgumentParser(prog="apply.py", description=__doc__.partition("\n")[0])
    parser.add_argument("bucket")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the rules of a bucket that is there"
    )
    options = parser.parse_args()
    try:
        done = apply(Session().create_client("s3"), options.bucket, options.overwrite)
    except (BotoCoreError, ClientError) as error:
        print(f"{options.bucket} cannot be set up: {error}", file=sys.stderr)
        return 1
    print(f"{options.bucket}: {'rules set' if done else 'is there, and keeps its rules'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
