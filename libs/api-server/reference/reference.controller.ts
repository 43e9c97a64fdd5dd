import { Controller, Get, Header, Inject } from '@nestjs/common';
import { CONTENT_SECURITY_POLICY } from './reference-appearance.js';

export const API_REFERENCE = Symbol('ApiReference');

/** The API for people without an AWS tool; made when it is first asked for. */
export interface ApiReference {
  openApi(): string;
  page(): string;
}

/** Public as the health check is: it tells nothing about accounts or functions. */
@Controller('_hearth')
export class ReferenceController {
  constructor(@Inject(API_REFERENCE) private readonly reference: ApiReference) {}

  @Get('openapi.json')
  @Header('content-type', 'application/json; charset=utf-8')
  openApi(): string {
    return this.reference.openApi();
  }

  @Get('api')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', CONTENT_SECURITY_POLICY)
  @Header('x-content-type-options', 'nosniff')
  page(): string {
    return this.reference.page();
  }
}
