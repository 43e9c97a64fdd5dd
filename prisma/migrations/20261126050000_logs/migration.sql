-- CreateTable
CREATE TABLE "log_groups" (
    "id" BIGSERIAL NOT NULL,
    "account_id" CHAR(12) NOT NULL,
    "region" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "retention_days" INTEGER,
    "log_group_class" TEXT NOT NULL DEFAULT 'STANDARD',
    "deletion_protection" BOOLEAN NOT NULL DEFAULT false,
    "tags" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "log_groups_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "log_streams" (
    "id" BIGSERIAL NOT NULL,
    "group_id" BIGINT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "first_event_at" BIGINT,
    "last_event_at" BIGINT,
    "last_ingestion" BIGINT,
    "stored_bytes" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "log_streams_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "log_events" (
    "group_id" BIGINT NOT NULL,
    "stream_id" BIGINT NOT NULL,
    "timestamp" BIGINT NOT NULL,
    "id" BIGSERIAL NOT NULL,
    "ingestion" BIGINT NOT NULL,
    "message" TEXT NOT NULL,

    CONSTRAINT "log_events_pkey" PRIMARY KEY ("stream_id","timestamp","id")
);

-- CreateTable
CREATE TABLE "log_purges" (
    "id" BIGSERIAL NOT NULL,
    "group_id" BIGINT NOT NULL,
    "stream_id" BIGINT,

    CONSTRAINT "log_purges_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "log_groups_account_id_region_name_key" ON "log_groups"("account_id", "region", "name");

-- CreateIndex
CREATE UNIQUE INDEX "log_streams_group_id_name_key" ON "log_streams"("group_id", "name");

-- CreateIndex
CREATE INDEX "log_events_group_id_timestamp_id_idx" ON "log_events"("group_id", "timestamp", "id");

-- AddForeignKey
ALTER TABLE "log_streams" ADD CONSTRAINT "log_streams_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "log_groups"("id") ON DELETE CASCADE ON UPDATE CASCADE;
