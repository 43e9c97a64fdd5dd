import type { OperationModel, ServiceModel } from './service-model.js';
import type { QueryParameters } from './request-target.js';

export interface RouteMatch {
  operation: OperationModel;
  labels: Record<string, string>;
}

interface Route {
  operation: OperationModel;
  method: string;
  segments: { literal?: string; label?: string; greedy?: boolean }[];
  /** Parameters of the model's own URI (`?List=ALL`): they tell apart two operations on one path. */
  query: [string, string][];
}

/** Finds the operation of a request: most literal segments first, then most fixed query parameters. */
export class RouteTable {
  private readonly byShape = new Map<string, Route[]>();
  private readonly greedy: Route[] = [];

  constructor(model: ServiceModel) {
    for (const operation of Object.values(model.operations)) {
      const route = routeOf(operation);
      const bucket = route.segments.some((segment) => segment.greedy) ? this.greedy : this.bucket(route.method, route.segments.length);
      bucket.push(route);
      bucket.sort((a, b) => literals(b) - literals(a) || b.query.length - a.query.length);
    }
  }

  /**
   * @param segments raw (still percent-encoded) segments of the normalised path; a trailing slash makes no segment
   * @returns undefined when no operation has this path and method, or a label is not valid percent-encoding
   */
  match(method: string, segments: readonly string[], query: QueryParameters): RouteMatch | undefined {
    for (const route of this.byShape.get(`${method} ${segments.length}`) ?? []) {
      const labels = matchSegments(route, segments, query);
      if (labels !== undefined) return { operation: route.operation, labels };
    }
    for (const route of this.greedy) {
      const labels = route.method === method ? matchSegments(route, segments, query) : undefined;
      if (labels !== undefined) return { operation: route.operation, labels };
    }
    return undefined;
  }

  private bucket(method: string, length: number): Route[] {
    const key = `${method} ${length}`;
    const found = this.byShape.get(key) ?? [];
    this.byShape.set(key, found);
    return found;
  }
}

function routeOf(operation: OperationModel): Route {
  const [path = '', query = ''] = operation.http.requestUri.split('?');
  return {
    operation,
    method: operation.http.method,
    segments: path
      .split('/')
      .filter((segment) => segment !== '')
      .map((segment) => {
        const label = /^\{([^}+]+)(\+?)\}$/.exec(segment);
        return label ? { label: label[1]!, greedy: label[2] === '+' } : { literal: segment };
      }),
    query: query === '' ? [] : query.split('&').map((pair) => pair.split('=') as [string, string]),
  };
}

function literals(route: Route): number {
  return route.segments.filter((segment) => segment.literal !== undefined).length;
}

function matchSegments(route: Route, segments: readonly string[], query: QueryParameters): Record<string, string> | undefined {
  if (route.query.some(([name, value]) => query.get(name)?.[0] !== value)) return undefined;
  const labels: Record<string, string> = {};
  for (const [index, expected] of route.segments.entries()) {
    if (expected.greedy) {
      const rest = segments.length - index - (route.segments.length - index - 1);
      const value = decodeLabel(segments.slice(index, index + rest).join('/'));
      if (rest < 1 || value === undefined) return undefined;
      labels[expected.label!] = value;
      const tail = route.segments.slice(index + 1);
      return tail.every((segment, offset) => segment.literal === segments[index + rest + offset]) ? labels : undefined;
    }
    const given = segments[index];
    if (given === undefined) return undefined;
    if (expected.label === undefined) {
      if (given !== expected.literal) return undefined;
    } else {
      const value = decodeLabel(given);
      if (value === undefined) return undefined;
      labels[expected.label] = value;
    }
  }
  return labels;
}

function decodeLabel(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined; // Not percent-encoding: such a path belongs to no operation.
  }
}
