ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
ARG PACKAGES="ca-certificates curl"
COPY images/setup.sh /hearth-setup.sh
RUN sh /hearth-setup.sh ${PACKAGES} && rm /hearth-setup.sh
# Before what differs from version to version: one layer for all of them.
COPY bundle/ /var/runtime/node_modules/
COPY node /var/lang/bin/node
COPY nodejs/ /var/runtime/
ENV LANG=C.UTF-8 TZ=:UTC PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime
WORKDIR /var/task
USER 993:990
