import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { loadSettings, type Settings } from '@hearth/config';
import { OperatorError } from '@hearth/kernel';
import { startTelemetry, type Telemetry } from '@hearth/telemetry';
import { Module, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PlatformModule } from './platform.module.js';

export interface ProcessDefinition {
  /** `hearth`, `control-plane`, `scheduler`, `worker` */
  service: string;
  modules: DynamicModule[];
  /** Runs before anything is opened: the all-in-one process starts its own servers here and completes the settings. */
  prepare?(settings: Settings, telemetry: Telemetry): Promise<{ settings: Settings; stop(): Promise<void> }>;
  /** Opens what faces outward; runs once all modules are ready. */
  open(app: INestApplicationContext, telemetry: Telemetry): Promise<void>;
}

@Module({})
class ProcessModule {}

/**
 * The life of a process: settings, telemetry, modules, open, and on SIGTERM or SIGINT everything in reverse. A second signal ends it at once.
 * An OperatorError is printed as its sentence and remedy, exit code 1.
 */
export async function runProcess(definition: ProcessDefinition): Promise<void> {
  const closers: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (exitCode: number): Promise<void> => (stopping ??= closeAll(closers).then((clean) => process.exit(clean ? exitCode : 1)));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      void stop(0);
    });
  }
  try {
    const given = loadSettings();
    const telemetry = await startTelemetry({ service: definition.service, settings: given, incarnation: randomUUID() });
    closers.push(() => telemetry.shutdown());
    process.on('uncaughtException', (err) => {
      telemetry.logger.fatal({ err }, 'A defect ended this process');
      process.exit(70); // State is unknown: leases expire, orphans are removed by the next life.
    });
    const prepared = await definition.prepare?.(given, telemetry);
    if (prepared) closers.push(() => prepared.stop());
    const app = await NestFactory.createApplicationContext(
      { module: ProcessModule, imports: [PlatformModule.forRoot(prepared?.settings ?? given, telemetry), ...definition.modules] },
      { logger: false, abortOnError: false },
    );
    closers.push(() => app.close());
    await definition.open(app, telemetry);
  } catch (error) {
    reportStartFailure(error);
    await stop(1);
  }
}

/** @returns whether everything closed without an error */
async function closeAll(closers: (() => Promise<void>)[]): Promise<boolean> {
  let clean = true;
  for (const close of closers.reverse()) {
    await close().catch((error: unknown) => {
      clean = false;
      console.error('A part did not close cleanly:', error);
    });
  }
  return clean;
}

function reportStartFailure(error: unknown): void {
  if (error instanceof OperatorError) process.stderr.write(`hearth: ${error.message} ${error.remedy}\n`);
  else console.error('hearth could not start:', error);
}
