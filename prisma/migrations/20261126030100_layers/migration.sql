-- CreateTable
CREATE TABLE "layers" (
    "id" UUID NOT NULL,
    "account_id" CHAR(12) NOT NULL,
    "region" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "next_version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "layers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "layer_versions" (
    "layer_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "code_digest" TEXT NOT NULL,
    "code_sha256" TEXT NOT NULL,
    "code_size" BIGINT NOT NULL,
    "unzipped_size" BIGINT NOT NULL,
    "description" TEXT NOT NULL,
    "license_info" TEXT,
    "compatible_runtimes" TEXT[],
    "compatible_architectures" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "policy" TEXT,
    "policy_revision_id" UUID,

    CONSTRAINT "layer_versions_pkey" PRIMARY KEY ("layer_id","version")
);

-- CreateIndex
CREATE UNIQUE INDEX "layers_account_id_region_name_key" ON "layers"("account_id", "region", "name");

-- CreateIndex
CREATE INDEX "layer_versions_code_digest_idx" ON "layer_versions"("code_digest");

-- AddForeignKey
ALTER TABLE "layer_versions" ADD CONSTRAINT "layer_versions_layer_id_fkey" FOREIGN KEY ("layer_id") REFERENCES "layers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AlterTable
ALTER TABLE "function_versions"
    ADD COLUMN "layers" JSONB NOT NULL DEFAULT '[]',
    ADD COLUMN "layer_digests" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];

-- CreateIndex
CREATE INDEX "function_versions_layer_digests_idx" ON "function_versions" USING GIN ("layer_digests");
