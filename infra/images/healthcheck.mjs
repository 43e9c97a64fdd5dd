/** Healthy = the control plane answers its health check; the others, which have no API for the outside, serve their metrics. */
const { HEARTH_APP, HEARTH_PORT = '4510', HEARTH_METRICS_PORT = '9464' } = process.env;
const url = HEARTH_APP === 'control-plane' ? `http://127.0.0.1:${HEARTH_PORT}/_hearth/health` : `http://127.0.0.1:${HEARTH_METRICS_PORT}/metrics`;
const healthy = await fetch(url, { signal: AbortSignal.timeout(4_000) }).then(
  (response) => response.ok,
  () => false, // Not listening: not healthy.
);
process.exit(healthy ? 0 : 1);
