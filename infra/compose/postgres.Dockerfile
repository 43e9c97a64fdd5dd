# Stand-in for the public postgres image where none can be pulled: Debian's packages, the same variables and volume.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY postgres-entrypoint.sh /postgres-entrypoint.sh
RUN ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/
EXPOSE 5432
ENTRYPOINT ["/bin/sh", "/postgres-entrypoint.sh"]
