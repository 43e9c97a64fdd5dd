-- CreateTable: function URLs. `qualifier` is an alias, or empty for the function itself.
CREATE TABLE "function_urls" (
    "url_id" TEXT NOT NULL,
    "function_id" UUID NOT NULL,
    "qualifier" TEXT NOT NULL DEFAULT '',
    "auth_type" TEXT NOT NULL,
    "cors" JSONB,
    "invoke_mode" TEXT NOT NULL DEFAULT 'BUFFERED',
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "modified_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "function_urls_pkey" PRIMARY KEY ("url_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "function_urls_function_id_qualifier_key" ON "function_urls"("function_id", "qualifier");

-- AddForeignKey
ALTER TABLE "function_urls" ADD CONSTRAINT "function_urls_function_id_fkey" FOREIGN KEY ("function_id") REFERENCES "functions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Processes that serve function URLs keep them in memory: they hear of changes as of those of versions.
CREATE TRIGGER "function_urls_changed" AFTER INSERT OR UPDATE OR DELETE ON "function_urls"
    FOR EACH ROW EXECUTE FUNCTION "hearth_notify_function_change"();
