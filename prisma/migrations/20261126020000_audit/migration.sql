-- Who called what on which resource with which result. No reference to accounts: the trail outlives them.
CREATE TABLE "audit_events" (
    "id" UUID NOT NULL,
    "time" TIMESTAMPTZ(3) NOT NULL,
    "account_id" CHAR(12) NOT NULL,
    "principal_arn" TEXT NOT NULL,
    "access_key_id" TEXT,
    "source_ip" TEXT,
    "user_agent" TEXT,
    "region" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "resource" TEXT NOT NULL,
    "error_code" TEXT,
    "request_id" TEXT NOT NULL,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "audit_events_account_id_time_id_idx" ON "audit_events"("account_id", "time", "id");
CREATE INDEX "audit_events_account_id_principal_arn_time_id_idx" ON "audit_events"("account_id", "principal_arn", "time", "id");
CREATE INDEX "audit_events_account_id_action_time_id_idx" ON "audit_events"("account_id", "action", "time", "id");

-- Append-only: not even a defect of Hearth can change what was recorded.
CREATE FUNCTION "hearth_refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER "audit_events_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_events"
    FOR EACH STATEMENT EXECUTE FUNCTION "hearth_refuse_audit_change"();
