# One image for every process of the product; the command says which (see docker-compose.yml).
FROM python:3.12-slim AS build
WORKDIR /build
RUN python -m venv /opt/venv
COPY requirements.lock .
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin app \
 && install -d -o app -g app -m 0700 /data
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY shared ./shared
COPY services ./services
ENV PATH=/opt/venv/bin:$PATH PYTHONUTF8=1 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
RUN python -m compileall -q shared services
USER 10001
VOLUME /data
EXPOSE 8000 9000
ENTRYPOINT ["python", "-m", "services"]
CMD ["web", "--host", "0.0.0.0"]
