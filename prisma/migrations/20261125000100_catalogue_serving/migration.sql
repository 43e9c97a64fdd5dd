-- AlterTable: what invocations run while an update is being applied.
ALTER TABLE "function_versions"
    ADD COLUMN "serving" JSONB,
    ADD COLUMN "serving_code_digest" TEXT,
    ADD COLUMN "serving_revision" UUID NOT NULL DEFAULT gen_random_uuid();

-- CreateIndex
CREATE INDEX "function_versions_serving_code_digest_idx" ON "function_versions"("serving_code_digest");

-- CreateTable
CREATE TABLE "loose_packages" (
    "digest" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "loose_packages_pkey" PRIMARY KEY ("digest")
);

-- Every process that caches function versions listens here. A trigger, not the writers, sends it: no writer can forget.
CREATE FUNCTION "hearth_notify_function_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('hearth_function_changes', COALESCE(NEW.function_id, OLD.function_id)::text);
    RETURN NULL;
END
$$;

CREATE TRIGGER "function_versions_changed" AFTER INSERT OR UPDATE OR DELETE ON "function_versions"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_function_change"();
