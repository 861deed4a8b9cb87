import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Clock } from '../../kernel/clock';
import { Alarm } from './alarm';
import { AlarmRunner } from './alarm-runner';

/** The alarms of the program. They ring where reactions run. */
@Injectable()
export class Alarms {
  private readonly runners: AlarmRunner[] = [];
  private readonly runnersByType = new Map<string, AlarmRunner[]>();

  constructor(
    private readonly providers: DiscoveryService,
    private readonly clock: Clock,
  ) {}

  /** Looks what has fallen due meanwhile, and waits for the rest. @param onProgress called whenever one has come further */
  start(onProgress: () => void): void {
    for (const { instance } of this.providers.getProviders()) {
      if (!(instance instanceof Alarm)) continue;
      const runner = new AlarmRunner(instance, this.clock, onProgress);
      this.runners.push(runner);
      for (const { type } of instance.movedBy) {
        this.runnersByType.set(type, [...(this.runnersByType.get(type) ?? []), runner]);
      }
    }
    this.wake();
  }

  /** Something has changed, nobody knows what. */
  wake(): void {
    for (const runner of this.runners) runner.wake();
  }

  /** Events of this type are committed. */
  wakeFor(type: string): void {
    for (const runner of this.runnersByType.get(type) ?? []) runner.wake();
  }

  async stop(): Promise<void> {
    await Promise.all(this.runners.map((runner) => runner.stop()));
  }

  /** What is due and not done, in sentences. */
  get waiting(): string[] {
    return this.runners.flatMap(({ waiting }) => waiting ?? []);
  }
}
