/**
 * What the daemon answers by plain HTTP: `POST /rpc`, the login of browsers, and to anybody whether it is there and how much is going
 * on. No file of the area is among it.
 */
import type {IncomingMessage, ServerResponse} from 'node:http';
import type {ServerStatus} from '@megatest/rpc';
import {printMetrics} from './metrics.ts';
import type {WebLogin} from './web/web-login.ts';

export type HttpPages = {
  readonly post: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly status: () => ServerStatus;
  /** None when the area wants no dashboard. */
  readonly webLogin: WebLogin | undefined;
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
  } else if (pages.webLogin?.answer(request, response) !== true) {
    response.writeHead(404).end();
  }
}
