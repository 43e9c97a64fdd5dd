import type { OperationHandler } from '@hearth/aws-wire';
import { decodePageMarker, encodePageMarker } from '@hearth/kernel';
import { shownEvent } from '../wire-shapes.js';
import { executionOf, type DurableParts } from './parts.js';

interface GetDurableExecutionHistoryInput {
  DurableExecutionArn: string;
  IncludeExecutionData?: boolean;
  MaxItems?: number;
  Marker?: string;
  ReverseOrder?: boolean;
}

/** 0 means the default (spec/lambda-api.md 1.2). */
const DEFAULT_PAGE = 100;

export function getDurableExecutionHistory(parts: DurableParts): OperationHandler {
  return async ({ DurableExecutionArn, IncludeExecutionData = true, MaxItems, Marker, ReverseOrder = false }: GetDurableExecutionHistoryInput, context) => {
    const { id } = await executionOf(parts, DurableExecutionArn, context);
    const size = MaxItems || DEFAULT_PAGE;
    const after = decodePageMarker(Marker, 1)?.[0];
    const { events, more } = await parts.executions.store.history(id, after === undefined ? undefined : Number(after), size, ReverseOrder);
    return {
      Events: events.map((event) => shownEvent(event, IncludeExecutionData)),
      ...(more && { NextMarker: encodePageMarker([String(events.at(-1)!.eventId)]) }),
    };
  };
}
