-- Events leave in the order in which they came: a range of pages is enough to find the oldest.
CREATE INDEX "audit_events_time_idx" ON "audit_events" USING BRIN ("time");

-- The trail stays append-only, but for what is older than its retention: only the function below names a time before which events may go, in its own transaction.
CREATE OR REPLACE FUNCTION "hearth_refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND coalesce(current_setting('hearth.audit_cutoff', true), '') <> '' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE FUNCTION "hearth_refuse_early_audit_removal"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."time" >= least(current_setting('hearth.audit_cutoff')::timestamptz, now() - interval '1 day') THEN
        RAISE EXCEPTION 'audit_events is append-only: this event is not older than its retention' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END
$$;

CREATE TRIGGER "audit_events_retention" BEFORE DELETE ON "audit_events"
    FOR EACH ROW EXECUTE FUNCTION "hearth_refuse_early_audit_removal"();

CREATE FUNCTION "hearth_expire_audit_events"("cutoff" timestamptz, "most" integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    removed integer;
BEGIN
    PERFORM set_config('hearth.audit_cutoff', cutoff::text, true);
    DELETE FROM "audit_events" WHERE "id" = ANY(ARRAY(SELECT "id" FROM "audit_events" WHERE "time" < cutoff LIMIT most FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS removed = ROW_COUNT;
    PERFORM set_config('hearth.audit_cutoff', '', true);
    RETURN removed;
END
$$;
