ARG BASE_IMAGE=debian:trixie-slim
FROM ${BASE_IMAGE}
ARG PACKAGES="ca-certificates openjdk-21-jre-headless"
ARG JAVA=21
COPY images/setup.sh /hearth-setup.sh
RUN sh /hearth-setup.sh ${PACKAGES} && rm /hearth-setup.sh \
  && ln -s /usr/lib/jvm/java-${JAVA}-openjdk-$(dpkg --print-architecture)/bin/java /var/lang/bin/java
COPY bundle/ /var/runtime/lib/
COPY java/bootstrap /var/runtime/bootstrap
# The classes of the runtime client, parsed and verified now instead of at every cold start. The client ends, since nothing answers it.
RUN HEARTH_JAVA_ARCHIVE=-XX:ArchiveClassesAtExit=/var/runtime/runtime.jsa AWS_LAMBDA_RUNTIME_API=127.0.0.1:1 AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512 \
  _HANDLER=java.lang.Object sh /var/runtime/bootstrap >/dev/null 2>&1; test -s /var/runtime/runtime.jsa && rm -rf /tmp/.lib* /tmp/hsperfdata*
ENV LANG=C.UTF-8 TZ=:UTC PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime
WORKDIR /var/task
USER 993:990
