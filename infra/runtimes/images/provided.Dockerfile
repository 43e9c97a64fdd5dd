ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
ARG PACKAGES="ca-certificates curl"
COPY images/setup.sh /hearth-setup.sh
RUN sh /hearth-setup.sh ${PACKAGES} && rm /hearth-setup.sh
ENV LANG=C.UTF-8 TZ=:UTC PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime
WORKDIR /var/task
USER 993:990
