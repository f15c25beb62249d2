# One image for every part of a lab: the broker, each device, the console gateway. What a container is, its command says.
#
#   docker build -t wirelab .
#
# BASE is any image with Python 3.11 or newer, its module venv, and a glibc for which the locked wheels are built.
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS build
LABEL wirelab.stage=build
COPY requirements.lock /src/
# Without pip in it: nothing is installed later. The pip that fills it stays behind in this stage.
RUN python3 -m venv /pip \
 && python3 -m venv --without-pip /opt/wirelab \
 && /pip/bin/pip --no-cache-dir --disable-pip-version-check --python /opt/wirelab/bin/python install \
      --no-compile --only-binary :all: --require-hashes -r /src/requirements.lock
COPY pyproject.toml README.md /src/
COPY nodes /src/nodes
COPY broker /src/broker
COPY labs /src/labs
# setuptools is only there to build. Compiled files that are not checked against their source: nothing changes here any
# more, and a container whose root cannot be written could not renew them.
RUN /pip/bin/pip --no-cache-dir --disable-pip-version-check --python /opt/wirelab/bin/python install \
      --no-compile --no-deps --no-build-isolation /src \
 && /pip/bin/pip --disable-pip-version-check --python /opt/wirelab/bin/python uninstall --yes --quiet setuptools \
 && /opt/wirelab/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/wirelab/lib

FROM ${BASE}
COPY --from=build /opt/wirelab /opt/wirelab
# A new volume takes the owner of the folder on which it is mounted first.
RUN mkdir -m 0700 /var/lib/wirelab && mkdir -m 0700 /run/wirelab && chown 10001:10001 /var/lib/wirelab /run/wirelab
ENV PATH=/opt/wirelab/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/wirelab
# Every part says from its own loop whether it is well: its console listens, and the broker serves it.
COPY broker/probe.py /opt/wirelab/
HEALTHCHECK --interval=8s --timeout=5s --start-period=15s --retries=3 \
    CMD ["python", "-I", "-S", "/opt/wirelab/probe.py", "/var/lib/wirelab/health.sock"]
CMD ["wirelab", "--help"]
