import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Names follow Prometheus: base units, `_total` for what only grows, `_seconds` for times. */
export type MetricName = `mc101_${string}`;

/**
 * The instruments of one service and what they show. A registry of its own, so that several services in one process do
 * not count into each other. A label's values must come from the code, never from a request.
 */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();
  private observesProcess = false;

  /** Something that is counted. */
  counter<Label extends string = never>(
    name: MetricName,
    help: string,
    labelNames: readonly Label[] = [],
  ): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  /** A state that goes up and down. @param collect called before each look, to set it. */
  gauge<Label extends string = never>(
    name: MetricName,
    help: string,
    labelNames: readonly Label[] = [],
    collect?: (gauge: Gauge<Label>) => void | Promise<void>,
  ): Gauge<Label> {
    return new Gauge<Label>({
      name,
      help,
      labelNames,
      registers: [this.registry],
      ...(collect && {
        collect(this: Gauge<Label>) {
          return collect(this);
        },
      }),
    });
  }

  /** A number that somebody else keeps, read at each look. */
  reading(name: MetricName, help: string, read: () => number): void {
    this.gauge(name, help, [], (gauge) => {
      gauge.set(read());
    });
  }

  /** How often something lay below each bound. */
  histogram<Label extends string>(
    name: MetricName,
    help: string,
    labelNames: readonly Label[],
    buckets: number[],
  ): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
  }

  /** Adds memory, processor time, garbage collection and event-loop delay under their usual names. Once a process. */
  observeProcess(): void {
    if (this.observesProcess) return;
    this.observesProcess = true;
    collectDefaultMetrics({ register: this.registry });
  }

  /** Media type of `expose()`. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** Everything as it is now, in the text format of Prometheus. */
  expose(): Promise<string> {
    return this.registry.metrics();
  }
}
