# The image of the service. Both stages stand on the same base, pinned by tag for people and by digest for machines.

FROM docker.io/library/python:3.13.16-slim-trixie@sha256:bf44cdfcb76cd3b41e879bc058fc37ec5872002ccfde7fcb765e218cde0cd79c AS build

# on adds OpenTelemetry; TRACING=on at run time then sends traces.
ARG TRACING=off
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_COMPILE=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

# The packages of the lock lie in a layer of their own, which lasts until the lock changes.
COPY requirements/run.txt requirements/disposable-email.txt requirements/tracing.txt requirements/
RUN --mount=type=cache,target=/root/.cache/pip python -m venv --without-pip /opt/bukhindor \
    && python -m pip --python /opt/bukhindor/bin/python install --quiet \
        --require-hashes --no-deps --only-binary :all: --requirement requirements/run.txt \
        --requirement requirements/disposable-email.txt \
    && if [ "$TRACING" = on ]; then \
        python -m pip --python /opt/bukhindor/bin/python install --quiet \
            --require-hashes --no-deps --only-binary :all: --requirement requirements/tracing.txt; \
    fi

# What only builds the package leaves again. Bytecode that is never compared with its source needs no writable folder.
ARG VERSION=dev
ARG REVISION=unknown
COPY pyproject.toml build_version.py README.md LICENSE ./
COPY src src
RUN --mount=type=cache,target=/root/.cache/pip export BUKHINDOR_VERSION="$VERSION" BUKHINDOR_REVISION="$REVISION" \
    && python -m pip --python /opt/bukhindor/bin/python install --quiet --no-build-isolation --no-deps . \
    && python -m pip --python /opt/bukhindor/bin/python uninstall --quiet --yes \
        hatchling pathspec pluggy tomlkit trove-classifiers \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/bukhindor/lib \
    && mkdir data


FROM docker.io/library/python:3.13.16-slim-trixie@sha256:bf44cdfcb76cd3b41e879bc058fc37ec5872002ccfde7fcb765e218cde0cd79c

ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Bukhindor Backend" \
      org.opencontainers.image.description="Accounts, sign-in and user management as one HTTP service" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"

# Nothing is installed into a running container. The base has its standard library without bytecode, which a read-only
# file system can't keep either: each start would compile it again.
RUN python -m pip uninstall --quiet --yes --root-user-action ignore pip \
    && rm -rf /usr/local/lib/python3.*/ensurepip \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        -x '/(test|idlelib|lib2to3|turtledemo|site-packages)/' /usr/local/lib/python3.*

COPY --from=build /opt/bukhindor /opt/bukhindor
COPY --from=build --chown=10001:10001 --chmod=0700 /build/data /data

# Only DATA_DIR and TMPDIR are written to; the root file system may be read-only.
ENV PATH=/opt/bukhindor/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ENVIRONMENT=production \
    SERVER_HOST=0.0.0.0 \
    SERVER_PORT=8080 \
    DATA_DIR=/data \
    TMPDIR=/tmp
WORKDIR /data
VOLUME ["/data"]
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM

# Liveness depends on nothing else: a database that is away gets no container restarted.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["python", "-I", "-c", "import http.client, os, socket, sys; h = os.environ['SERVER_HOST'].split(',')[0]; u = h.startswith('unix:'); c = http.client.HTTPConnection('localhost', timeout=3); c.sock = socket.socket(socket.AF_UNIX) if u else socket.create_connection((h.strip('[]'), int(os.environ['SERVER_PORT'])), 3); u and c.sock.connect(h[5:]); c.request('GET', '/health/live'); sys.exit(c.getresponse().status != 200)"]

ENTRYPOINT ["bukhindor"]
CMD ["serve"]
