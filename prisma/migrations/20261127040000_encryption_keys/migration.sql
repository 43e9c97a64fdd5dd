-- Envelope encryption (docs/decisions/0021): values are sealed with data keys, data keys are wrapped by the master key.

-- CreateTable
CREATE TABLE "encryption_keys" (
    "id" UUID NOT NULL,
    "account_id" CHAR(12),
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "encryption_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "encryption_key_versions" (
    "id" SERIAL NOT NULL,
    "key_id" UUID NOT NULL,
    "wrapped" BYTEA NOT NULL,
    "master_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retired_at" TIMESTAMPTZ(3),

    CONSTRAINT "encryption_key_versions_pkey" PRIMARY KEY ("id")
);

-- AlterTable
ALTER TABLE "access_keys" ADD COLUMN "sealed_with" INTEGER;

-- AlterTable
ALTER TABLE "function_versions"
    ADD COLUMN "sealed_with" INTEGER,
    ADD COLUMN "serving_sealed_with" INTEGER,
    ADD COLUMN "environment_id" TEXT,
    ADD COLUMN "kms_key_arn" TEXT;

-- The configuration's hash was over the sealed bytes, which change when they are sealed anew: what it was over stays, under a name of its own.
UPDATE "function_versions" SET "environment_id" = translate(encode("sealed_environment", 'base64'), E'\n', '') WHERE "sealed_environment" IS NOT NULL;

-- CreateIndex
CREATE UNIQUE INDEX "encryption_keys_account_id_name_key" ON "encryption_keys"("account_id", "name");

-- CreateIndex
CREATE INDEX "encryption_key_versions_key_id_idx" ON "encryption_key_versions"("key_id");

-- CreateIndex
CREATE INDEX "access_keys_sealed_with_idx" ON "access_keys"("sealed_with");

-- CreateIndex
CREATE INDEX "function_versions_sealed_with_idx" ON "function_versions"("sealed_with");

-- CreateIndex
CREATE INDEX "function_versions_serving_sealed_with_idx" ON "function_versions"("serving_sealed_with");

-- AddForeignKey
ALTER TABLE "encryption_keys" ADD CONSTRAINT "encryption_keys_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "encryption_key_versions" ADD CONSTRAINT "encryption_key_versions_key_id_fkey" FOREIGN KEY ("key_id") REFERENCES "encryption_keys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "access_keys" ADD CONSTRAINT "access_keys_sealed_with_fkey" FOREIGN KEY ("sealed_with") REFERENCES "encryption_key_versions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "function_versions" ADD CONSTRAINT "function_versions_sealed_with_fkey" FOREIGN KEY ("sealed_with") REFERENCES "encryption_key_versions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "function_versions" ADD CONSTRAINT "function_versions_serving_sealed_with_fkey" FOREIGN KEY ("serving_sealed_with") REFERENCES "encryption_key_versions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- The data key a sealed value names (libs/iam/keyring/sealed-form.ts); NULL for values sealed with the master key itself, from before this migration.
CREATE FUNCTION "hearth_sealed_with"("sealed" BYTEA) RETURNS INTEGER LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE WHEN length(sealed) > 5 AND get_byte(sealed, 0) = 0
        THEN (get_byte(sealed, 1) << 24) | (get_byte(sealed, 2) << 16) | (get_byte(sealed, 3) << 8) | get_byte(sealed, 4) END
$$;

-- Triggers, not the writers, say which data key a row needs: with the foreign keys above no key can go while a row needs it, and no writer can forget.
CREATE FUNCTION "hearth_access_key_sealed_with"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.sealed_with := hearth_sealed_with(NEW.sealed_secret);
    RETURN NEW;
END
$$;

CREATE TRIGGER "access_keys_sealed_with" BEFORE INSERT OR UPDATE ON "access_keys"
    FOR EACH ROW EXECUTE FUNCTION "hearth_access_key_sealed_with"();

CREATE FUNCTION "hearth_function_version_sealed_with"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.sealed_with := hearth_sealed_with(NEW.sealed_environment);
    NEW.serving_sealed_with := hearth_sealed_with(decode(NEW.serving ->> 'sealedEnvironment', 'base64'));
    RETURN NEW;
END
$$;

CREATE TRIGGER "function_versions_sealed_with" BEFORE INSERT OR UPDATE ON "function_versions"
    FOR EACH ROW EXECUTE FUNCTION "hearth_function_version_sealed_with"();
