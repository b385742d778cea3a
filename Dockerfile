# Two stages: one that installs from the hash-pinned lock, one that carries no tool to install with.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes --no-deps --only-binary=:all: -r requirements.lock \
 && /venv/bin/pip uninstall --yes pip

FROM python:3.13-slim
# Runs as nobody, writes to /data alone, on a read-only root file system, and needs no shell.
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin dailies \
 && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /venv /venv
WORKDIR /app
COPY bot ./bot
COPY cogs ./cogs
COPY storage ./storage
# Webhooks come to a container from outside it; nothing listens before DAILIES_PUBLIC_URL is set.
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DAILIES_DATA_DIR=/data DAILIES_WEB_HOST=0.0.0.0
USER 10001:10001
VOLUME /data
# Stopping takes up to 25 s while a clip is being posted: give it 30 (`docker stop --time 30`). `--init` collects
# what the processes that read strangers' files leave behind.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=15s --start-period=60s --retries=3 \
 CMD ["python", "-m", "bot", "status", "--alive", "--env-file", "/dev/null"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
