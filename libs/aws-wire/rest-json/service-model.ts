import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '@hearth/kernel';

/** The parts of botocore's `service-2.json` format that this library reads. */
export interface ServiceModel {
  source: string;
  metadata: { apiVersion: string; endpointPrefix: string; signingName?: string; protocol: string; xmlNamespace?: string; targetPrefix?: string; jsonVersion?: string };
  operations: Record<string, OperationModel>;
  shapes: Record<string, Shape>;
}

export interface OperationModel {
  name: string;
  http: { method: string; requestUri: string; responseCode?: number };
  input?: { shape: string };
  output?: { shape: string; resultWrapper?: string };
  errors?: { shape: string }[];
}

export type MemberLocation = 'uri' | 'querystring' | 'header' | 'headers' | 'statusCode';

export interface Member {
  shape: string;
  location?: MemberLocation;
  locationName?: string;
  timestampFormat?: string;
}

export type ShapeType = 'structure' | 'list' | 'map' | 'string' | 'integer' | 'long' | 'float' | 'double' | 'boolean' | 'blob' | 'timestamp';

export interface Shape {
  type: ShapeType;
  members?: Record<string, Member>;
  required?: string[];
  /** Member that is the HTTP body itself. */
  payload?: string;
  member?: Member;
  key?: Member;
  value?: Member;
  min?: number;
  max?: number;
  pattern?: string;
  enum?: string[];
  /** Query protocol: no element around the items. */
  flattened?: boolean;
  sensitive?: boolean;
  exception?: boolean;
  error?: { httpStatusCode: number; senderFault?: boolean };
  eventstream?: boolean;
}

/** Reads a committed model, for instance `lambda-2015-03-31`. */
export function loadServiceModel(name: string): ServiceModel {
  return JSON.parse(readFileSync(join(projectRoot(), 'libs/aws-wire/models', `${name}.json`), 'utf8')) as ServiceModel;
}

export function shapeOf(model: ServiceModel, name: string): Shape {
  const shape = model.shapes[name];
  if (shape === undefined) throw new Error(`The service model has no shape ${name}`);
  return shape;
}
