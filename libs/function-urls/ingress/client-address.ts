/** Who a request comes from, behind as many proxies as the operator says there are. Pure. */
export interface ClientAddress {
  sourceIp: string;
  /** What the function sees as X-Forwarded-For. */
  forwardedFor: string;
}

/**
 * @param peer address of the connection
 * @param given X-Forwarded-For as received; anybody can write anything there, and each proxy adds its peer at the end
 * @param proxies how many proxies of the operator's own stand in front
 */
export function clientAddress(peer: string, given: string | undefined, proxies: number): ClientAddress {
  const address = peer.replace(/^::ffff:(?=\d+\.)/, '');
  const entries = (given ?? '').split(',').map((entry) => entry.trim()).filter((entry) => entry !== '');
  const named = proxies > 0 ? entries.at(-proxies) : undefined;
  if (named !== undefined) return { sourceIp: named, forwardedFor: entries.join(', ') };
  return { sourceIp: address, forwardedFor: [...entries, address].join(', ') };
}
