import { notFound } from '@hearth/catalogue';
import type { ServiceError } from '@hearth/kernel';

export function noSuchUrl(): ServiceError {
  return notFound('The resource you requested does not exist.');
}
