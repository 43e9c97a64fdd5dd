export { createFunctionUrls, type FunctionUrls, type FunctionUrlsOptions, type IngressOptions } from './function-urls.js';
export type { IngressServer } from './ingress/ingress-server.js';
export type { UrlGuard } from './ingress/url-access.js';
