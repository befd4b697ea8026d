// A development tool: serves the page from these sources together with made-up numbers, so
// that one can work on it without the program.
//   node dev/server.mjs [--port 8354] [--scenario steady]
import { createServer } from 'node:http';
import { assets, contentSecurityPolicy } from '../build.mjs';
import { Synthetic, scenarios, token } from './synthetic.mjs';

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : otherwise;
};

const scenario = option('scenario', 'steady');
if (!scenarios.includes(scenario)) {
  console.error(`no scenario ${scenario}; there are: ${scenarios.join(' ')}`);
  process.exit(2);
}
const source = new Synthetic(scenario);

const json = (response, code, body, headers = {}) => {
  response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers });
  response.end(JSON.stringify(body));
};

const cookie = (request) => /(?:^|;\s*)ratadns_token=([^;]*)/.exec(request.headers.cookie ?? '')?.[1];
const welcome = (request) => scenario !== 'locked' || decodeURIComponent(cookie(request) ?? '') === token;

/// As docs/api.md has it, with fewer tries than the program gives.
let tries = 0;
const session = async (request, response) => {
  const setCookie = (value) => ({
    'set-cookie': `ratadns_token=${value}; HttpOnly; SameSite=Strict; Path=/${value ? '' : '; Max-Age=0'}`,
  });
  const answer = (code, headers) => response.writeHead(code, headers).end();
  if (request.method === 'DELETE') return answer(204, setCookie(''));
  let body = '';
  for await (const octets of request) body += octets;
  if (JSON.parse(body).token === token) return answer(204, setCookie(encodeURIComponent(token)));
  if (++tries % 4 === 0)
    return json(response, 429, { error: 'too many wrong tokens came from this address; try again in a second' });
  json(response, 401, { error: 'this token is not known' });
};

/// The span and server asked for, or what is wrong with them.
const choice = (query) => {
  const span = Number(query.get('span') ?? 1);
  const server = query.get('server') ?? '';
  const group = query.get('group') ?? '';
  if (server && group) return { error: 'server and group exclude each other; ask for one of them' };
  if (![1, 5, 15].includes(span)) return { error: `no span ${query.get('span')}; there are 1 5 15` };
  if (server && !source.servers.includes(server))
    return { error: `no server ${server}; there are: ${source.servers.join(' ')}` };
  if (group && !source.groups.some(({ name }) => name === group))
    return { error: `no group ${group}; there are: ${source.groups.map(({ name }) => name).join(' ')}` };
  return { span, server: group ? `group ${group}` : server };
};

const live = (response, { span, server }) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let id = 0;
  const send = (event, data) => response.write(`event: ${event}\nid: dev-${++id}\ndata: ${JSON.stringify(data)}\n\n`);
  let last = 0;
  const tell = (newest) => {
    if (source.now !== last) for (const name of source.views()) send(name, source.view(name, span, server, newest));
    last = source.now;
    send('status', source.status());
  };
  tell();
  const timer = setInterval(() => tell(12), 1000);
  response.on('close', () => clearInterval(timer));
};

const page = async (path, response) => {
  const file = (await assets()).find((asset) => asset.path === path);
  if (!file) return json(response, 404, { error: `no ${path} here` });
  response.writeHead(200, { 'content-type': file.type, 'content-security-policy': contentSecurityPolicy });
  response.end(file.octets);
};

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const view = /^\/api\/v1\/views\/(\w+)$/.exec(url.pathname)?.[1];
  const views = source.views();
  const asked = choice(url.searchParams);
  if (url.pathname === '/api/v1/session')
    session(request, response).catch((error) => json(response, 400, { error: String(error) }));
  else if (url.pathname.startsWith('/api/') && !welcome(request))
    json(response, 401, { error: 'this needs a token' }, { 'www-authenticate': 'Bearer' });
  else if (url.pathname === '/api/v1/status') json(response, 200, source.status());
  else if (view && !views.includes(view))
    json(response, 404, { error: `no view ${view}; there are: ${views.join(' ')}` });
  else if ((view || url.pathname === '/api/v1/live') && asked.error) json(response, 404, asked);
  else if (view) json(response, 200, source.view(view, asked.span, asked.server));
  else if (url.pathname === '/api/v1/live') live(response, asked);
  else page(url.pathname, response).catch((error) => json(response, 500, { error: String(error) }));
});

setInterval(() => source.tick(), 1000);
server.listen(Number(option('port', 8354)), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}/`),
);
