import { parseArn } from '@hearth/kernel';
import type { LogPlace } from './group-store.js';

/** `arn:aws:logs:REGION:ACCOUNT:log-group:NAME` */
export function groupArn({ accountId, region }: LogPlace, name: string): string {
  return `arn:aws:logs:${region}:${accountId}:log-group:${name}`;
}

export function streamArn(place: LogPlace, group: string, stream: string): string {
  return `${groupArn(place, group)}:log-stream:${stream}`;
}

/** The group that an ARN names, with or without `:*` at its end. */
export function groupOfArn(text: string): (LogPlace & { name: string }) | undefined {
  const arn = parseArn(text);
  const name = /^log-group:([^:]+)(:\*)?$/.exec(arn?.resource ?? '')?.[1];
  return arn?.service === 'logs' && name !== undefined ? { accountId: arn.accountId, region: arn.region, name } : undefined;
}
