-- AlterTable: what becomes of a function that invokes itself over and over.
ALTER TABLE "functions" ADD COLUMN "recursive_loop" TEXT NOT NULL DEFAULT 'Terminate';

-- Every process that caches function versions hears of it.
CREATE FUNCTION "hearth_notify_function_row_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('hearth_function_changes', NEW.id::text);
    RETURN NULL;
END
$$;

CREATE TRIGGER "functions_recursive_loop_changed" AFTER UPDATE OF "recursive_loop" ON "functions"
    FOR EACH ROW WHEN (OLD.recursive_loop IS DISTINCT FROM NEW.recursive_loop) EXECUTE FUNCTION "hearth_notify_function_row_change"();
