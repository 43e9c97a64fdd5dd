/** Limits of one account and region (spec/lambda-api.md 4.11, spec/concurrency-and-billing.md 2). */

/** Concurrent executions, unless the deployment says otherwise. */
export const ACCOUNT_CONCURRENCY_LIMIT = 1_000;
/** What reservations must leave to the functions without one. */
export const MIN_UNRESERVED_CONCURRENCY = 100;
/** All archives of functions and layers together, in bytes (75 GB). */
export const TOTAL_CODE_BYTES = 80_530_636_800;
