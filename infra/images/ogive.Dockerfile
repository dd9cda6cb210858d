# One image for the service, the scheduler and the workers: they must hold the same packages.
# docker build -f infra/images/ogive.Dockerfile -t ogive:0.1.0 .
FROM ghcr.io/astral-sh/uv:0.9 AS uv

FROM python:3.12-slim-bookworm AS build
COPY --from=uv /uv /usr/local/bin/uv
# With it, what Python compiles tells its sources by content and not by time: equal sources, equal bytes.
ARG SOURCE_DATE_EPOCH=0
ENV UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
RUN uv venv /opt/ogive
WORKDIR /src
# The dependencies change seldom: they are a layer of their own.
COPY requirements.lock ./
RUN uv pip install --no-cache --python /opt/ogive --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY service service
COPY workers workers
COPY infra/dask infra/dask
RUN uv pip install --no-cache --python /opt/ogive --no-deps .

FROM python:3.12-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin ogive \
    && install -d -o ogive -g ogive /data /cache
COPY --from=build /opt/ogive /opt/ogive
# One BLAS thread: a product's bytes must not depend on the number of cores.
ENV PATH=/opt/ogive/bin:$PATH \
    NUMBA_CACHE_DIR=/cache \
    OGIVE_DATA=/data \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    PYTHONUNBUFFERED=1
USER 10001
# Kernels come compiled; a processor of another kind compiles its own, once for each cache.
RUN python -c "from workers.velocity.warm import warm; warm()"
WORKDIR /data
EXPOSE 8000
CMD ["ogive", "serve", "--host", "0.0.0.0", "--port", "8000"]
