# Nearside as one process of a service: `docker build -t nearside .`
#
# The base is pinned by its exact version. To pin its content as well, add the digest that
# `docker buildx imagetools inspect python:3.11.14-slim-bookworm` tells: python:3.11.14-slim-bookworm@sha256:…
ARG PYTHON=python:3.11.14-slim-bookworm

FROM ${PYTHON} AS build
# The version that scripts/setup uses.
ARG UV_VERSION=0.13.9
RUN pip install --no-cache-dir --disable-pip-version-check "uv==${UV_VERSION}"
ENV UV_PYTHON_DOWNLOADS=never \
    UV_LINK_MODE=copy \
    UV_COMPILE_BYTECODE=1 \
    UV_NO_CACHE=1 \
    UV_PYTHON=/usr/local/bin/python3 \
    UV_PROJECT_ENVIRONMENT=/opt/nearside
WORKDIR /build
# What others made changes seldom, and stays in a layer of its own.
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --no-group web --no-install-project
COPY README.md ./
COPY core core
COPY tracking tracking
COPY dispatch dispatch
COPY scoring scoring
COPY gateway gateway
COPY simulations simulations
COPY scripts/web scripts/web
# The screens are built in an environment of their own, which the image does not keep.
RUN UV_PROJECT_ENVIRONMENT=/build/.venv uv sync --locked --only-group web \
    && scripts/web \
    && uv sync --locked --no-dev --no-group web --no-editable

FROM ${PYTHON}
# Rescue records are set in Chinese; the base has no font for it.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/*
# The uid and gid are fixed, so that files of secrets and volumes can be given to them: see deploy/make-secrets.
RUN groupadd --system --gid 10001 nearside \
    && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/nearside --shell /usr/sbin/nologin nearside \
    && install --directory --owner=nearside --group=nearside --mode=750 /var/lib/nearside
COPY --from=build /opt/nearside /opt/nearside
# Nothing is ever written but in /var/lib/nearside, and there only by the embedded store: the rest may be read only.
ENV PATH=/opt/nearside/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NEARSIDE_HOST=0.0.0.0 \
    NEARSIDE_PORT=8000
WORKDIR /var/lib/nearside
USER 10001:10001
EXPOSE 8000
# 200 for `ready` and for `degraded`, which is fit to serve; the first start reads the map, and takes its time.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "\
import http.client, os, sys; \
door = http.client.HTTPConnection('127.0.0.1', int(os.environ['NEARSIDE_PORT']), timeout=4); \
door.request('GET', '/readyz'); \
sys.exit(door.getresponse().status != 200)"]
ENTRYPOINT ["nearside"]
CMD ["serve"]
