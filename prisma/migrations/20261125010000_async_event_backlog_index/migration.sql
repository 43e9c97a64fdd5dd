-- CreateIndex
CREATE INDEX "async_events_status_account_id_function_name_due_at_idx" ON "async_events"("status", "account_id", "function_name", "due_at");
