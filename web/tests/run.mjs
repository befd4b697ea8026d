// Runs tests/*_test.ts under Node's own runner. esbuild strips the types first, so that the
// oldest Node that the project supports can run them.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'ratadns-web-'));
try {
  const tests = (await readdir(here)).filter((name) => name.endsWith('_test.ts'));
  await build({
    entryPoints: tests.map((name) => join(here, name)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    logLevel: 'warning',
  });
  const files = tests.map((name) => join(folder, name.replace('.ts', '.mjs')));
  const node = spawn(process.execPath, ['--test', ...files], { stdio: 'inherit' });
  process.exitCode = await new Promise((done) => node.on('close', (code) => done(code ?? 1)));
} finally {
  await rm(folder, { recursive: true });
}
