-- AlterTable
ALTER TABLE "functions" ADD COLUMN "reserved_concurrency" INTEGER;

-- CreateTable
CREATE TABLE "function_aliases" (
    "function_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "function_version" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "additional_version" TEXT,
    "additional_weight" DOUBLE PRECISION,
    "revision_id" UUID NOT NULL,

    CONSTRAINT "function_aliases_pkey" PRIMARY KEY ("function_id","name")
);

-- CreateTable
CREATE TABLE "function_policies" (
    "function_id" UUID NOT NULL,
    "qualifier" TEXT NOT NULL,
    "document" TEXT NOT NULL,
    "revision_id" UUID NOT NULL,

    CONSTRAINT "function_policies_pkey" PRIMARY KEY ("function_id","qualifier")
);

-- CreateTable
CREATE TABLE "function_event_invoke_configs" (
    "function_id" UUID NOT NULL,
    "qualifier" TEXT NOT NULL,
    "maximum_retry_attempts" INTEGER,
    "maximum_event_age_seconds" INTEGER,
    "last_modified" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "function_event_invoke_configs_pkey" PRIMARY KEY ("function_id","qualifier")
);

-- AddForeignKey
ALTER TABLE "function_aliases" ADD CONSTRAINT "function_aliases_function_id_fkey" FOREIGN KEY ("function_id") REFERENCES "functions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "function_policies" ADD CONSTRAINT "function_policies_function_id_fkey" FOREIGN KEY ("function_id") REFERENCES "functions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "function_event_invoke_configs" ADD CONSTRAINT "function_event_invoke_configs_function_id_fkey" FOREIGN KEY ("function_id") REFERENCES "functions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The sum of an account's reservations is read with every function that is not in memory.
CREATE INDEX "functions_reserved_concurrency" ON "functions"("account_id", "region") INCLUDE ("reserved_concurrency") WHERE "reserved_concurrency" IS NOT NULL;

-- Whatever the invoke path or the guard keeps of a function is forgotten when its row changes (see 20261125000100_catalogue_serving).
CREATE TRIGGER "function_aliases_changed" AFTER INSERT OR UPDATE OR DELETE ON "function_aliases"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_function_change"();
CREATE TRIGGER "function_policies_changed" AFTER INSERT OR UPDATE OR DELETE ON "function_policies"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_function_change"();
CREATE TRIGGER "function_event_invoke_configs_changed" AFTER INSERT OR UPDATE OR DELETE ON "function_event_invoke_configs"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_function_change"();

-- A reservation takes from what all other functions of the account share.
CREATE FUNCTION "hearth_notify_reservation_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('hearth_function_changes', OLD.id::text);
    PERFORM pg_notify('hearth_function_changes', 'account ' || OLD.account_id || ' ' || OLD.region);
    RETURN NULL;
END
$$;

CREATE TRIGGER "functions_reservation_changed" AFTER UPDATE OF "reserved_concurrency" ON "functions"
    FOR EACH ROW WHEN (OLD.reserved_concurrency IS DISTINCT FROM NEW.reserved_concurrency) EXECUTE FUNCTION "hearth_notify_reservation_change"();
CREATE TRIGGER "functions_reservation_deleted" AFTER DELETE ON "functions"
    FOR EACH ROW WHEN (OLD.reserved_concurrency IS NOT NULL) EXECUTE FUNCTION "hearth_notify_reservation_change"();
