/** What the daemon answers by plain HTTP: `POST /rpc`, and to anybody whether it is there and how much is going on. */
import type {IncomingMessage, ServerResponse} from 'node:http';
import type {ServerStatus} from '@megatest/rpc';
import {printMetrics} from './metrics.ts';

export type HttpPages = {
  readonly post: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly status: () => ServerStatus;
};

export function answerHttp(request: IncomingMessage, response: ServerResponse, pages: HttpPages): void {
  const {method, url} = request;
  if (url === '/rpc' && method === 'POST') {
    void pages.post(request, response);
  } else if (url === '/health' && method === 'GET') {
    const {area, serverId, uptimeS} = pages.status();
    response
      .writeHead(200, {'content-type': 'application/json'})
      .end(`${JSON.stringify({area, serverId, uptimeS})}\n`);
  } else if (url === '/metrics' && method === 'GET') {
    response
      .writeHead(200, {'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8'})
      .end(printMetrics(pages.status()));
  } else {
    response.writeHead(404).end();
  }
}
