import { createServer } from 'node:http';
import { once } from 'node:events';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

/** One request that was answered. Holds no name, address, key or body. */
export interface Observed {
  readonly method: string;
  /** As registered: "/v1/subjects/:subject/verification". */
  readonly route: string;
  readonly status: number;
  /** In ms. */
  readonly ms: number;
}

export interface Metrics {
  readonly observe: (request: Observed) => void;
  /** The text format of Prometheus. */
  text(): Promise<string>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const labelNames = ['method', 'route', 'status'] as const;
  const requests = new Counter({
    name: 'xnn_requests_total',
    help: 'Requests answered.',
    labelNames,
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'xnn_request_seconds',
    help: 'Time to answer a request.',
    labelNames: ['method', 'route'] as const,
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    registers: [registry],
  });
  return {
    observe({ method, route, status, ms }) {
      requests.inc({ method, route, status });
      seconds.observe({ method, route }, ms / 1000);
    },
    text: () => registry.metrics(),
  };
}

/** Serves the metrics on a port of this machine alone: they are the operator's, not the tenants'. @returns how to stop */
export async function serveMetrics(metrics: Metrics, port: number): Promise<() => void> {
  const server = createServer((_, response) => {
    metrics.text().then(
      (text) => response.setHeader('Content-Type', 'text/plain; version=0.0.4').end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return () => void server.close();
}
