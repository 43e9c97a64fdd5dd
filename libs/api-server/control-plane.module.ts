import { Module, type DynamicModule } from '@nestjs/common';
import { HEALTH, HealthController, type Health } from './health.controller.js';

@Module({})
export class ControlPlaneModule {
  static with(health: Health): DynamicModule {
    return { module: ControlPlaneModule, controllers: [HealthController], providers: [{ provide: HEALTH, useValue: health }] };
  }
}
