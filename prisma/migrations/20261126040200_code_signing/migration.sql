-- CreateTable
CREATE TABLE "code_signing_configs" (
    "id" TEXT NOT NULL,
    "account_id" CHAR(12) NOT NULL,
    "region" TEXT NOT NULL,
    "description" TEXT,
    "allowed_publishers" TEXT[],
    "untrusted_artifacts" TEXT NOT NULL,
    "tags" JSONB NOT NULL DEFAULT '{}',
    "last_modified" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "code_signing_configs_pkey" PRIMARY KEY ("id")
);

-- CreateTable: which configuration the deployments of a function are held against.
CREATE TABLE "function_code_signing" (
    "function_id" UUID NOT NULL,
    "config_id" TEXT NOT NULL,

    CONSTRAINT "function_code_signing_pkey" PRIMARY KEY ("function_id")
);

-- CreateIndex
CREATE INDEX "code_signing_configs_account_id_region_id_idx" ON "code_signing_configs"("account_id", "region", "id");

-- CreateIndex
CREATE INDEX "function_code_signing_config_id_idx" ON "function_code_signing"("config_id");

-- AddForeignKey
ALTER TABLE "function_code_signing" ADD CONSTRAINT "function_code_signing_function_id_fkey" FOREIGN KEY ("function_id") REFERENCES "functions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey: a configuration in use cannot be deleted.
ALTER TABLE "function_code_signing" ADD CONSTRAINT "function_code_signing_config_id_fkey" FOREIGN KEY ("config_id") REFERENCES "code_signing_configs"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
