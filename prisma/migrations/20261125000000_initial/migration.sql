-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "functions" (
    "id" UUID NOT NULL,
    "account_id" CHAR(12) NOT NULL,
    "region" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "next_version" INTEGER NOT NULL DEFAULT 1,
    "tags" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "functions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "function_versions" (
    "function_id" UUID NOT NULL,
    "version" TEXT NOT NULL,
    "version_number" INTEGER NOT NULL,
    "runtime" TEXT NOT NULL,
    "handler" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "memory_mb" INTEGER NOT NULL,
    "timeout_seconds" INTEGER NOT NULL,
    "ephemeral_storage_mb" INTEGER NOT NULL,
    "architecture" TEXT NOT NULL,
    "sealed_environment" BYTEA,
    "code_sha256" TEXT NOT NULL,
    "code_digest" TEXT NOT NULL,
    "code_size" BIGINT NOT NULL,
    "logging_config" JSONB NOT NULL,
    "other_config" JSONB NOT NULL DEFAULT '{}',
    "config_sha256" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "state_reason" TEXT,
    "state_reason_code" TEXT,
    "last_update_status" TEXT,
    "last_update_reason" TEXT,
    "last_update_reason_code" TEXT,
    "revision_id" UUID NOT NULL,
    "last_modified" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "function_versions_pkey" PRIMARY KEY ("function_id","version")
);

-- CreateTable
CREATE TABLE "accounts" (
    "id" CHAR(12) NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "access_keys" (
    "id" TEXT NOT NULL,
    "account_id" CHAR(12) NOT NULL,
    "principal_arn" TEXT NOT NULL,
    "sealed_secret" BYTEA NOT NULL,
    "token_digest" BYTEA,
    "expires_at" TIMESTAMPTZ(3),
    "active" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "access_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "async_events" (
    "id" UUID NOT NULL,
    "account_id" CHAR(12) NOT NULL,
    "region" TEXT NOT NULL,
    "function_name" TEXT NOT NULL,
    "qualifier" TEXT,
    "payload" BYTEA NOT NULL,
    "client_context" TEXT,
    "trace_header" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'queued',
    "function_errors" INTEGER NOT NULL DEFAULT 0,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "dispatches" INTEGER NOT NULL DEFAULT 0,
    "accepted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "dispatched_until" TIMESTAMPTZ(3),
    "lease_until" TIMESTAMPTZ(3),
    "fencing_token" BIGINT NOT NULL DEFAULT 0,
    "owner" TEXT,
    "ended_at" TIMESTAMPTZ(3),
    "condition" TEXT,
    "error_type" TEXT,
    "response" BYTEA,
    "executed_version" TEXT,

    CONSTRAINT "async_events_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "functions_account_id_region_name_key" ON "functions"("account_id", "region", "name");

-- CreateIndex
CREATE INDEX "function_versions_code_digest_idx" ON "function_versions"("code_digest");

-- CreateIndex
CREATE UNIQUE INDEX "accounts_name_key" ON "accounts"("name");

-- CreateIndex
CREATE INDEX "access_keys_account_id_idx" ON "access_keys"("account_id");

-- CreateIndex
CREATE INDEX "async_events_status_due_at_idx" ON "async_events"("status", "due_at");

-- CreateIndex
CREATE INDEX "async_events_account_id_function_name_status_idx" ON "async_events"("account_id", "function_name", "status");

-- AddForeignKey
ALTER TABLE "function_versions" ADD CONSTRAINT "function_versions_function_id_fkey" FOREIGN KEY ("function_id") REFERENCES "functions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "access_keys" ADD CONSTRAINT "access_keys_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;


