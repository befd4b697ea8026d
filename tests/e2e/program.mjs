// Starts the real program, or the synthetic one of web/dev when RATADNS_MOCK is set, and learns
// its address from what it says. Every process is ended by its own handle.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const program = process.env.RATADNS ?? join(root, 'build/release/bin/ratadns');
const traffic = process.env.RATADNS_TRAFFIC ?? join(root, 'build/release/bin/ratadns-traffic');
export const synthetic = Boolean(process.env.RATADNS_MOCK);

const start_ms = 20_000;
const stop_ms = 5_000;

/// Asks again until `ask` gives something, for at most `limit_ms`.
export const until = async (what, ask, limit_ms = 15_000) => {
  const end = Date.now() + limit_ms;
  let last;
  while (Date.now() < end) {
    last = await ask();
    if (last) return last;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${what}: not within ${limit_ms} ms (last: ${JSON.stringify(last)})`);
};

const end = async (child) => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), stop_ms);
  await gone;
  clearTimeout(force);
};

/// The address in what the program prints, or an error with all that it printed.
const address = (child) =>
  new Promise((found, failed) => {
    let said = '';
    const give_up = setTimeout(() => failed(new Error(`no address within ${start_ms} ms: ${said}`)), start_ms);
    const read = (octets) => {
      said += octets;
      const match = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(said);
      if (!match) return;
      clearTimeout(give_up);
      found({ url: match[0], port: Number(match[1]) });
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('error', failed);
    child.on('exit', (code, signal) => failed(new Error(`ended with ${code ?? signal} before it gave an address: ${said}`)));
  });

const run = async (command, args, feed) => {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const children = [child];
  child.stdin.on('error', () => {});
  if (feed) {
    const source = spawn(feed.command, feed.args, { stdio: ['ignore', 'pipe', 'inherit'] });
    source.on('error', (error) => child.stdin.destroy(error));
    source.stdout.pipe(child.stdin);
    children.unshift(source);
  } else {
    child.stdin.end();
  }
  const stop = () => Promise.all(children.map(end));
  try {
    return { ...(await address(child)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/// The made-up numbers of web/dev, which has in `scenario` what a program would need many servers for.
export const startScenario = (scenario, port = 0) =>
  run(process.execPath, [join(root, 'web/dev/server.mjs'), '--scenario', scenario, '--port', String(port)]);

/// The program on traffic that goes on and on.
export const startLive = (port = 0) =>
  synthetic
    ? startScenario('steady', port)
    : run(program, ['run', '--listen', `127.0.0.1:${port}`, '-'], {
        command: traffic,
        args: ['--realtime', '--qps', '500', '--out', '-'],
      });

/// The program on a file, which it reads to its end.
export const startOnFile = (file) =>
  synthetic ? startScenario('ended') : run(program, ['run', '--listen', '127.0.0.1:0', file]);
