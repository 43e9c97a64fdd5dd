-- CreateTable: event source mappings. They outlive their function, so nothing refers to it but its name.
CREATE TABLE "event_source_mappings" (
    "uuid" UUID NOT NULL,
    "account_id" CHAR(12) NOT NULL,
    "region" TEXT NOT NULL,
    "function_name" TEXT NOT NULL,
    "qualifier" TEXT NOT NULL DEFAULT '',
    "kind" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "settings" JSONB NOT NULL,
    "tags" JSONB NOT NULL DEFAULT '{}',
    "last_modified" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "event_source_mappings_pkey" PRIMARY KEY ("uuid")
);

-- CreateIndex
CREATE UNIQUE INDEX "event_source_mappings_account_id_region_source_function_nam_key" ON "event_source_mappings"("account_id", "region", "source", "function_name", "qualifier");

-- CreateIndex
CREATE INDEX "event_source_mappings_account_id_region_uuid_idx" ON "event_source_mappings"("account_id", "region", "uuid");
