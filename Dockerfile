# Three steps, each a Make target that CI runs too: the browser libraries, the Python packages, the app.
FROM python:3.11-slim-bookworm AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /srv/recur
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*
COPY Makefile pyproject.toml README.md LICENSE requirements.txt requirements-node.txt package.json package-lock.json ./
COPY app/ app/
COPY static/ static/
RUN make setup NPM_OPTIONS=--omit=dev
COPY alembic.ini ./
COPY alembic/ alembic/
COPY templates/ templates/
COPY content/ content/
RUN .venv/bin/recur check

FROM python:3.11-slim-bookworm
RUN useradd --create-home --uid 10001 recur \
    && install --directory --owner=recur /srv/recur /data
WORKDIR /srv/recur
COPY --from=build /srv/recur /srv/recur
ARG REVISION=""
ENV PATH="/srv/recur/.venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    RECUR_HOST=0.0.0.0 \
    RECUR_PORT=8000 \
    RECUR_REVISION=$REVISION \
    RECUR_DATABASE_URL=sqlite:////data/recur.sqlite
VOLUME /data
EXPOSE 8000
USER 10001
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["recur", "serve"]
