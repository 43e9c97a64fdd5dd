ARG BASE_IMAGE=debian:trixie-slim
FROM ${BASE_IMAGE}
ARG PACKAGES="ca-certificates ruby3.3"
ARG RUBY=3.3
COPY images/setup.sh /hearth-setup.sh
COPY images/ruby-gems.sh /hearth-gems.sh
RUN sh /hearth-setup.sh ${PACKAGES} && ln -s /usr/bin/ruby${RUBY} /var/lang/bin/ruby && sh /hearth-gems.sh && rm /hearth-setup.sh /hearth-gems.sh
COPY ruby/ /var/runtime/
ENV LANG=C.UTF-8 TZ=:UTC PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime
WORKDIR /var/task
USER 993:990
