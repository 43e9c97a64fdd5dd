const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * Where the caller of a signed request reaches the API, for links in its answer. Whoever called a loopback address does so there (functions in sandboxes among them, which reach
 * nothing else); everybody else at the public address, if there is one.
 * @param host of the request: signatures cover it, so no proxy has made it up
 * @param publicUrl without a slash at its end
 */
export function baseUrlFor(host: string | undefined, publicUrl: string | undefined): string {
  return publicUrl === undefined || LOOPBACK.test(host ?? '') ? `http://${host}` : publicUrl;
}
