-- CreateTable
CREATE TABLE "provisioned_concurrency_configs" (
    "function_id" UUID NOT NULL,
    "qualifier" TEXT NOT NULL,
    "requested" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "status_reason" TEXT,
    "allocated" INTEGER NOT NULL DEFAULT 0,
    "available" INTEGER NOT NULL DEFAULT 0,
    "revision_id" UUID NOT NULL,
    "last_modified" TIMESTAMPTZ(3) NOT NULL,
    "serving_version" TEXT,
    "serving_additional_version" TEXT,
    "serving_additional_weight" DOUBLE PRECISION,

    CONSTRAINT "provisioned_concurrency_configs_pkey" PRIMARY KEY ("function_id","qualifier")
);

-- AddForeignKey
ALTER TABLE "provisioned_concurrency_configs" ADD CONSTRAINT "provisioned_concurrency_configs_function_id_fkey" FOREIGN KEY ("function_id") REFERENCES "functions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What is provisioned for a function without a reservation is taken from what all functions of the account share.
CREATE FUNCTION "hearth_notify_provisioned_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('hearth_function_changes', COALESCE(NEW.function_id, OLD.function_id)::text);
    PERFORM pg_notify('hearth_function_changes', 'account ' || account_id || ' ' || region) FROM functions WHERE id = COALESCE(NEW.function_id, OLD.function_id);
    RETURN NULL;
END
$$;

CREATE TRIGGER "provisioned_concurrency_configs_changed" AFTER INSERT OR DELETE ON "provisioned_concurrency_configs"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_provisioned_change"();
-- The reconciler writes counts often; they are no part of what is kept in memory.
CREATE TRIGGER "provisioned_concurrency_configs_updated" AFTER UPDATE ON "provisioned_concurrency_configs"
    FOR EACH ROW WHEN (OLD.requested IS DISTINCT FROM NEW.requested OR OLD.serving_version IS DISTINCT FROM NEW.serving_version
        OR OLD.serving_additional_version IS DISTINCT FROM NEW.serving_additional_version OR OLD.serving_additional_weight IS DISTINCT FROM NEW.serving_additional_weight)
    EXECUTE FUNCTION "hearth_notify_provisioned_change"();

-- Before, because the rows that refer to the function are gone afterwards.
CREATE FUNCTION "hearth_notify_provisioned_function_deleted"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM provisioned_concurrency_configs WHERE function_id = OLD.id) THEN
        PERFORM pg_notify('hearth_function_changes', 'account ' || OLD.account_id || ' ' || OLD.region);
    END IF;
    RETURN OLD;
END
$$;

CREATE TRIGGER "functions_provisioned_deleted" BEFORE DELETE ON "functions"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_provisioned_function_deleted"();
