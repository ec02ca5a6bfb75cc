"""The buckets of the project: `python -m servers.buckets` makes those that are missing."""

import os
from collections.abc import Mapping

_VERSIONED = "MLFLOW_BUCKET"  # a model that was overwritten or deleted by mistake comes back
_FIRST_REGION = "us-east-1"
_NAMES = ("ARTIFACTS_BUCKET", _VERSIONED, "DVC_BUCKET")


def ensure_buckets(values: Mapping[str, str]) -> list[str]:
    """Make the buckets that are missing; those that are there are left as they are.

    Args:
        values: Settings: address, keys and the names of the buckets.

    Returns:
        The names of the buckets that were made now.
    """
    import boto3

    region = values.get("AWS_DEFAULT_REGION") or _FIRST_REGION
    s3 = boto3.client(
        "s3",
        endpoint_url=values.get("AWS_ENDPOINT_URL") or None,
        aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=values.get("AWS_SESSION_TOKEN") or None,
        region_name=region,
    )
    # AWS wants every region but its first one named, and refuses that one.
    place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    options = place if region != _FIRST_REGION else {}
    known = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    missing = [name for name in (values[variable] for variable in _NAMES) if name not in known]
    for name in missing:
        s3.create_bucket(Bucket=name, **options)
    versioned = values[_VERSIONED]
    if s3.get_bucket_versioning(Bucket=versioned).get("Status") != "Enabled":
        s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Enabled"})
    return missing


if __name__ == "__main__":
    made = ensure_buckets(os.environ)
    print(f"Made: {', '.join(made)}." if made else "All buckets are there.")
