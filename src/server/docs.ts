import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>XNN face verification: API</title>
    <link rel="icon" href="/docs/favicon-32x32.png" />
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
    <link rel="stylesheet" href="/docs/index.css" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', validatorUrl: null });\n";

/** /openapi.json for people, by Swagger UI from this server. */
export function docs(): Hono {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const app = new Hono();
  app.get('/', (context) => context.html(PAGE));
  app.get('/start.js', (context) => context.body(START, 200, { 'Content-Type': 'text/javascript' }));
  app.get(
    '/:file{swagger-ui\\.css|index\\.css|swagger-ui-bundle\\.js|favicon-32x32\\.png}',
    serveStatic({ root: folder, rewriteRequestPath: (path) => path.replace(/^\/docs/, '') }),
  );
  return app;
}
