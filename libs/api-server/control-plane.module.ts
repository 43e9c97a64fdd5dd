import { Module, type DynamicModule } from '@nestjs/common';
import { HEALTH, HealthController, type Health } from './health.controller.js';
import { API_REFERENCE, ReferenceController, type ApiReference } from './reference/reference.controller.js';

@Module({})
export class ControlPlaneModule {
  static with(health: Health, reference: ApiReference): DynamicModule {
    return {
      module: ControlPlaneModule,
      controllers: [HealthController, ReferenceController],
      providers: [
        { provide: HEALTH, useValue: health },
        { provide: API_REFERENCE, useValue: reference },
      ],
    };
  }
}
