-- AlterTable: a disabled account's keys are refused, and nothing of it is lost.
ALTER TABLE "accounts" ADD COLUMN "disabled_at" TIMESTAMPTZ(3);

-- CreateTable: users, groups and roles. One table, because policies, boundaries and tags hang on all three in the same way.
CREATE TABLE "iam_identities" (
    "id" TEXT NOT NULL,
    "account_id" CHAR(12) NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "name_key" TEXT COLLATE "C" NOT NULL,
    "path" TEXT COLLATE "C" NOT NULL,
    "tags" JSONB NOT NULL DEFAULT '[]',
    "boundary_arn" TEXT,
    "boundary_policy_id" TEXT,
    "description" TEXT,
    "trust_policy" TEXT,
    "max_session_seconds" INTEGER,
    "service_linked" BOOLEAN NOT NULL DEFAULT false,
    "last_used_at" TIMESTAMPTZ(3),
    "last_used_region" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "iam_identities_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "iam_identities_kind_check" CHECK ("kind" IN ('user', 'group', 'role')),
    CONSTRAINT "iam_identities_role_check" CHECK (("kind" = 'role') = ("trust_policy" IS NOT NULL AND "max_session_seconds" IS NOT NULL))
);

-- CreateTable
CREATE TABLE "iam_group_members" (
    "group_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,

    CONSTRAINT "iam_group_members_pkey" PRIMARY KEY ("group_id","user_id")
);

-- CreateTable: policies of customers. Those of AWS are data of the program.
CREATE TABLE "iam_policies" (
    "id" TEXT NOT NULL,
    "account_id" CHAR(12) NOT NULL,
    "arn" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "name_key" TEXT COLLATE "C" NOT NULL,
    "path" TEXT COLLATE "C" NOT NULL,
    "description" TEXT,
    "default_version" INTEGER NOT NULL DEFAULT 1,
    "next_version" INTEGER NOT NULL DEFAULT 2,
    "tags" JSONB NOT NULL DEFAULT '[]',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "iam_policies_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "iam_policy_versions" (
    "policy_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "document" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "iam_policy_versions_pkey" PRIMARY KEY ("policy_id","version")
);

-- CreateTable: policy_id is empty for policies of AWS, which no row stands for.
CREATE TABLE "iam_attachments" (
    "identity_id" TEXT NOT NULL,
    "policy_arn" TEXT COLLATE "C" NOT NULL,
    "policy_id" TEXT,
    "policy_name_key" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "iam_attachments_pkey" PRIMARY KEY ("identity_id","policy_arn")
);

-- CreateTable
CREATE TABLE "iam_inline_policies" (
    "identity_id" TEXT NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "document" TEXT NOT NULL,

    CONSTRAINT "iam_inline_policies_pkey" PRIMARY KEY ("identity_id","name")
);

-- CreateTable
CREATE TABLE "iam_instance_profiles" (
    "id" TEXT NOT NULL,
    "account_id" CHAR(12) NOT NULL,
    "name" TEXT NOT NULL,
    "name_key" TEXT COLLATE "C" NOT NULL,
    "path" TEXT COLLATE "C" NOT NULL,
    "role_id" TEXT,
    "tags" JSONB NOT NULL DEFAULT '[]',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "iam_instance_profiles_pkey" PRIMARY KEY ("id")
);

-- AlterTable: whose a key is, and when it was last used (GetAccessKeyLastUsed).
ALTER TABLE "access_keys"
    ADD COLUMN "identity_id" TEXT,
    ADD COLUMN "last_used_at" TIMESTAMPTZ(3),
    ADD COLUMN "last_used_region" TEXT,
    ADD COLUMN "last_used_service" TEXT;

-- CreateTable: what a temporary key (ASIA) stands for. Goes with its key.
CREATE TABLE "sts_sessions" (
    "access_key_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "session_name" TEXT,
    "source_identity" TEXT,
    "session_policy" TEXT,
    "session_policy_arns" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "tags" JSONB NOT NULL DEFAULT '[]',
    "transitive_tag_keys" TEXT[] DEFAULT ARRAY[]::TEXT[],

    CONSTRAINT "sts_sessions_pkey" PRIMARY KEY ("access_key_id"),
    CONSTRAINT "sts_sessions_kind_check" CHECK ("kind" IN ('assumed-role', 'session-token'))
);

-- CreateIndex
CREATE UNIQUE INDEX "iam_identities_account_id_kind_name_key_key" ON "iam_identities"("account_id", "kind", "name_key");

-- CreateIndex
CREATE INDEX "iam_identities_boundary_policy_id_idx" ON "iam_identities"("boundary_policy_id");

-- CreateIndex
CREATE INDEX "iam_identities_account_id_boundary_arn_idx" ON "iam_identities"("account_id", "boundary_arn");

-- CreateIndex
CREATE INDEX "iam_group_members_user_id_idx" ON "iam_group_members"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "iam_policies_arn_key" ON "iam_policies"("arn");

-- CreateIndex
CREATE UNIQUE INDEX "iam_policies_account_id_name_key_key" ON "iam_policies"("account_id", "name_key");

-- CreateIndex
CREATE INDEX "iam_attachments_policy_arn_idx" ON "iam_attachments"("policy_arn");

-- CreateIndex
CREATE INDEX "iam_attachments_policy_id_idx" ON "iam_attachments"("policy_id");

-- CreateIndex
CREATE UNIQUE INDEX "iam_instance_profiles_account_id_name_key_key" ON "iam_instance_profiles"("account_id", "name_key");

-- CreateIndex
CREATE INDEX "iam_instance_profiles_role_id_idx" ON "iam_instance_profiles"("role_id");

-- CreateIndex
CREATE INDEX "access_keys_identity_id_idx" ON "access_keys"("identity_id");

-- CreateIndex
CREATE INDEX "access_keys_expires_at_idx" ON "access_keys"("expires_at");

-- AddForeignKey
ALTER TABLE "iam_identities" ADD CONSTRAINT "iam_identities_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey: the last line of defence behind the row locks of the writers, as with every NO ACTION below.
ALTER TABLE "iam_identities" ADD CONSTRAINT "iam_identities_boundary_policy_id_fkey" FOREIGN KEY ("boundary_policy_id") REFERENCES "iam_policies"("id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "iam_group_members" ADD CONSTRAINT "iam_group_members_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "iam_identities"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "iam_group_members" ADD CONSTRAINT "iam_group_members_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_identities"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "iam_policies" ADD CONSTRAINT "iam_policies_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "iam_policy_versions" ADD CONSTRAINT "iam_policy_versions_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "iam_policies"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "iam_attachments" ADD CONSTRAINT "iam_attachments_identity_id_fkey" FOREIGN KEY ("identity_id") REFERENCES "iam_identities"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "iam_attachments" ADD CONSTRAINT "iam_attachments_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "iam_policies"("id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "iam_inline_policies" ADD CONSTRAINT "iam_inline_policies_identity_id_fkey" FOREIGN KEY ("identity_id") REFERENCES "iam_identities"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "iam_instance_profiles" ADD CONSTRAINT "iam_instance_profiles_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "iam_instance_profiles" ADD CONSTRAINT "iam_instance_profiles_role_id_fkey" FOREIGN KEY ("role_id") REFERENCES "iam_identities"("id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "access_keys" ADD CONSTRAINT "access_keys_identity_id_fkey" FOREIGN KEY ("identity_id") REFERENCES "iam_identities"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sts_sessions" ADD CONSTRAINT "sts_sessions_access_key_id_fkey" FOREIGN KEY ("access_key_id") REFERENCES "access_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Every process that caches policies listens here; the payload is the account whose policies are no longer what they were.
-- Triggers, not the writers, send it: no writer can forget.
CREATE FUNCTION "hearth_notify_iam_policies"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed JSONB := to_jsonb(COALESCE(NEW, OLD));
    account TEXT := changed->>'account_id';
BEGIN
    IF account IS NULL THEN
        SELECT account_id INTO account FROM iam_identities WHERE id = COALESCE(changed->>'identity_id', changed->>'group_id');
    END IF;
    IF account IS NULL THEN
        SELECT account_id INTO account FROM iam_policies WHERE id = changed->>'policy_id';
    END IF;
    -- Rows that go with their owner find none: the owner's own trigger has told.
    IF account IS NOT NULL THEN
        PERFORM pg_notify('hearth_iam_policies', account);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER "iam_identities_changed" AFTER INSERT OR DELETE OR UPDATE OF "name", "path", "tags", "boundary_arn", "trust_policy" ON "iam_identities"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_iam_policies"();
CREATE TRIGGER "iam_group_members_changed" AFTER INSERT OR DELETE OR UPDATE ON "iam_group_members"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_iam_policies"();
CREATE TRIGGER "iam_policies_changed" AFTER DELETE OR UPDATE OF "default_version" ON "iam_policies"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_iam_policies"();
CREATE TRIGGER "iam_policy_versions_changed" AFTER UPDATE ON "iam_policy_versions"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_iam_policies"();
CREATE TRIGGER "iam_attachments_changed" AFTER INSERT OR DELETE OR UPDATE ON "iam_attachments"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_iam_policies"();
CREATE TRIGGER "iam_inline_policies_changed" AFTER INSERT OR DELETE OR UPDATE ON "iam_inline_policies"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_iam_policies"();

-- Every change of a key is announced on the channel of the key cache, also when the key goes with its user or role.
CREATE FUNCTION "hearth_notify_access_key"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('hearth_access_keys', COALESCE(NEW.id, OLD.id));
    RETURN NULL;
END
$$;

-- Not on last_used_at: being used changes nothing.
CREATE TRIGGER "access_keys_changed" AFTER INSERT OR DELETE OR UPDATE OF "active", "principal_arn", "expires_at", "sealed_secret" ON "access_keys"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_access_key"();

-- Disabling or enabling an account concerns all of its keys.
CREATE FUNCTION "hearth_notify_account"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('hearth_access_keys', id) FROM access_keys WHERE account_id = NEW.id;
    PERFORM pg_notify('hearth_iam_policies', NEW.id::text);
    RETURN NULL;
END
$$;

CREATE TRIGGER "accounts_disabled" AFTER UPDATE OF "disabled_at" ON "accounts"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_account"();
