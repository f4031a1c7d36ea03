import { Metrics } from './common/metrics/metrics.js';
import { openMetricsServer, type MetricsServer } from './common/metrics/metrics-server.js';
import { StartupError } from './database/embedded/startup-error.js';

interface OpenedMetrics {
  server?: MetricsServer;
  /** Sentences for the banner. */
  notes: string[];
}

/**
 * Opens the port of the metrics. Where nobody chose one and another service has the usual one, this service goes on
 * without metrics, so that two start on one machine without configuration.
 * @param isChosen whether METRICS_PORT was set
 * @throws StartupError when a port that was chosen cannot be had, or METRICS_HOST is no address of this machine
 */
export async function openMetrics(
  metrics: Metrics,
  address: { host: string; port: number },
  isChosen: boolean,
): Promise<OpenedMetrics> {
  try {
    return { server: await openMetricsServer(address, metrics), notes: [] };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const { host, port } = address;
    if (code === 'EADDRINUSE' && !isChosen)
      return { notes: [`No metrics: port ${port} on ${host} is in use; set METRICS_PORT to another one.`] };
    throw new StartupError(
      code === 'EADDRINUSE'
        ? `The metrics port ${port} on ${host} is in use: stop the program that uses it, or set METRICS_PORT to another one.`
        : `The metrics cannot be served on ${host}:${port} (${code ?? 'unknown error'}): correct METRICS_HOST and METRICS_PORT.`,
    );
  }
}
