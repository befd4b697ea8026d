// Bundles the page.
//   node build.mjs --out DIR        plain files, for development
//   node build.mjs --cpp FILE.cpp   one C++ file that defines the functions of src/serve/assets.h
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));

export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const hashed = (name, octets) => {
  const [, stem, extension] = /^(.*)(\.[a-z]+)$/.exec(name);
  return `/${stem}-${createHash('sha256').update(octets).digest('hex').slice(0, 8)}${extension}`;
};

const bundle = async (entry) => {
  const result = await build({
    entryPoints: [join(here, 'src', entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['es2021', 'chrome100', 'firefox100', 'safari15.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'warning',
  });
  return Buffer.from(result.outputFiles[0].contents);
};

// What ends up in the bundle asks for its licence to travel with it.
const licences = async () => {
  const texts = [];
  for (const name of ['preact', '@preact/signals', '@preact/signals-core', 'uplot']) {
    const folder = join(here, 'node_modules', name);
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    texts.push(`${name}\n\n${(await readFile(join(folder, file), 'utf8')).trim()}\n`);
  }
  return Buffer.from(`This page contains:\n\n${texts.join('\n\n')}`);
};

/// The files of the page, as src/serve/assets.h wants them.
export const assets = async () => {
  const [script, style, icon, page] = await Promise.all([
    bundle('main.tsx'),
    bundle('style/main.css'),
    readFile(join(here, 'src/icon.svg')),
    readFile(join(here, 'src/index.html'), 'utf8'),
  ]);
  const files = [
    ['main.js', 'text/javascript; charset=utf-8', script],
    ['main.css', 'text/css; charset=utf-8', style],
    ['icon.svg', 'image/svg+xml', icon],
  ].map(([name, type, octets]) => ({ name, path: hashed(name, octets), type, octets, immutable: true }));
  const html = files.reduce((text, { name, path }) => text.replace(`{${name}}`, path), page);
  return [
    { path: '/', type: 'text/html; charset=utf-8', octets: Buffer.from(html), immutable: false },
    ...files,
    { path: '/licences.txt', type: 'text/plain; charset=utf-8', octets: await licences(), immutable: false },
  ];
};

// Numbers, not string literals: a standard compiler need not take literals above 65536 octets.
const cppArray = (name, octets) => {
  const lines = [];
  for (let i = 0; i < octets.length; i += 32) lines.push([...octets.subarray(i, i + 32)].join(','));
  return `constexpr unsigned char ${name}[] = {\n${lines.join(',\n')}};\n`;
};

const cpp = (files) => `// Written by web/build.mjs. Do not change it here.
#include "serve/assets.h"

#include <array>
#include <cstddef>

namespace rata::serve {
namespace {

${files.map(({ octets }, i) => cppArray(`octets_${i}`, octets)).join('\n')}
template <std::size_t size>
std::string_view text(const unsigned char (&octets)[size]) {
  return {reinterpret_cast<const char*>(octets), size};
}

}  // namespace

std::span<const Asset> assets() {
  static const std::array<Asset, ${files.length}> all{{
${files.map(({ path, type, immutable }, i) => `      {"${path}", "${type}", text(octets_${i}), ${immutable}},`).join('\n')}
  }};
  return all;
}

std::string_view content_security_policy() {
  return "${contentSecurityPolicy}";
}

}  // namespace rata::serve
`;

const main = async ([option, target]) => {
  if (!target || !['--out', '--cpp'].includes(option)) {
    console.error('usage: node build.mjs --out DIR | --cpp FILE.cpp');
    process.exit(2);
  }
  const files = await assets();
  if (option === '--cpp') {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, cpp(files));
    return;
  }
  await mkdir(target, { recursive: true });
  for (const { path, octets } of files) await writeFile(join(target, path === '/' ? 'index.html' : path), octets);
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2));
