# Stand-in for the public Valkey image where none can be pulled: Debian 12 has Redis 7.0, which Valkey forked from, under Valkey's names.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
RUN ln -s "$(command -v redis-server)" /usr/local/bin/valkey-server && ln -s "$(command -v redis-cli)" /usr/local/bin/valkey-cli && mkdir -p /data
WORKDIR /data
EXPOSE 6379
