ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
ARG PACKAGES="ca-certificates python3"
ARG PYTHON=3.11
COPY images/setup.sh /hearth-setup.sh
RUN sh /hearth-setup.sh ${PACKAGES} && rm /hearth-setup.sh \
  && ln -s /usr/bin/python${PYTHON} /var/lang/bin/python${PYTHON} && ln -s python${PYTHON} /var/lang/bin/python3 && ln -s python3 /var/lang/bin/python
COPY bundle/ python/ /var/runtime/
# Bytecode now: the root file system is read-only later, so every cold start would compile anew.
RUN /var/lang/bin/python3 -m compileall -q /var/runtime
ENV LANG=C.UTF-8 LC_CTYPE=C.UTF-8 TZ=:UTC PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime
WORKDIR /var/task
USER 993:990
