-- Lines are kept in blocks instead of a row each (docs/decisions/0020-logs.md). No version wrote rows yet.
DROP TABLE "log_events";

-- CreateTable
CREATE TABLE "log_blocks" (
    "group_id" BIGINT NOT NULL,
    "stream_id" BIGINT NOT NULL,
    "first_at" BIGINT NOT NULL,
    "last_at" BIGINT NOT NULL,
    "id" BIGSERIAL NOT NULL,
    "ingestion" BIGINT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "lines" BYTEA NOT NULL,

    CONSTRAINT "log_blocks_pkey" PRIMARY KEY ("stream_id","first_at","id")
);

-- CreateIndex
CREATE INDEX "log_blocks_stream_id_last_at_id_idx" ON "log_blocks"("stream_id", "last_at", "id");

-- CreateIndex
CREATE INDEX "log_blocks_group_id_first_at_id_last_at_idx" ON "log_blocks"("group_id", "first_at", "id", "last_at");

-- Each batch of lines updates its streams: with room on their page these updates touch no index.
ALTER TABLE "log_streams" SET (fillfactor = 70);
