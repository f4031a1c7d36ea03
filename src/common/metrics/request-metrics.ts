import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Counter, Histogram } from 'prom-client';
import type { Metrics } from './metrics.js';

/** From the time of a cached read to that of a request that is broken off. */
const LATENCY_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Where no route answers, whatever the path was. */
const UNMATCHED = 'unmatched';

/** Methods that are counted by name where no route vouches for them. */
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

interface Instruments {
  count: () => void;
  observe: (seconds: number) => void;
}

/**
 * Counts answers and their times by method, route template and status: never by path, so that the number of series is
 * that of the routes. What a label costs is paid once a route, method and status.
 */
export class RequestMetrics {
  private readonly requests: Counter<'method' | 'route' | 'status'>;
  private readonly durations: Histogram<'method' | 'route'>;
  /** By a route's configuration, which is one object for as long as the route lives. */
  private readonly ofRoutes = new WeakMap<object, Map<string, Instruments>>();

  constructor(metrics: Metrics) {
    this.requests = metrics.counter(
      'mc101_http_requests_total',
      'Answered HTTP requests by method, route template and status.',
      ['method', 'route', 'status'],
    );
    this.durations = metrics.histogram(
      'mc101_http_request_duration_seconds',
      'Time from a request to its answer, by method and route template.',
      ['method', 'route'],
      LATENCY_BUCKETS_SECONDS,
    );
  }

  /** To be called once for each request that was answered. */
  observe(request: FastifyRequest, reply: FastifyReply): void {
    const { method } = request;
    const { config } = request.routeOptions;
    const kind = `${method} ${reply.statusCode}`;
    let ofRoute = this.ofRoutes.get(config);
    if (!ofRoute) {
      ofRoute = new Map<string, Instruments>();
      this.ofRoutes.set(config, ofRoute);
    }
    let instruments = ofRoute.get(kind);
    if (!instruments) {
      // The configuration of what no route answers has no address.
      const { url } = config as { url?: string };
      const status = String(reply.statusCode);
      instruments =
        url === undefined ? this.unmatched(method, status) : this.make(method, routeOf(url), status);
      ofRoute.set(kind, instruments);
    }
    instruments.count();
    instruments.observe(reply.elapsedTime / 1000);
  }

  /** Counts what was answered before there was a request that could be routed. */
  countUnreadable(status: number): void {
    this.requests.inc({ method: 'other', route: UNMATCHED, status: String(status) });
  }

  private unmatched(method: string, status: string): Instruments {
    return this.make(KNOWN_METHODS.has(method) ? method : 'other', UNMATCHED, status);
  }

  private make(method: string, route: string, status: string): Instruments {
    const requests = this.requests.labels({ method, route, status });
    const durations = this.durations.labels({ method, route });
    return {
      count: () => {
        requests.inc();
      },
      observe: (seconds) => {
        durations.observe(seconds);
      },
    };
  }
}

/** The template of a route, the same with and without its version. */
function routeOf(url: string): string {
  return url.replace(/^\/v1(?=\/|$)/, '') || '/';
}
