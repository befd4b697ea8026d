// node screenshots.mjs OUTDIR URL: pictures of the page, as wide as a desk, a tablet and a
// phone, in light and dark.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch } from './browser.mjs';

const [, , folder, url] = process.argv;
if (!folder || !url) {
  console.error('usage: node screenshots.mjs OUTDIR URL');
  process.exit(2);
}

const sizes = [
  { width: 1440, height: 900 },
  { width: 768, height: 1024 },
  { width: 390, height: 844 },
];

await mkdir(folder, { recursive: true });
const browser = await launch();
try {
  for (const viewport of sizes)
    for (const colorScheme of ['light', 'dark']) {
      const page = await browser.newPage({ viewport, colorScheme });
      await page.goto(url);
      // A first answer of the program, and the frame it is drawn in.
      await page.waitForSelector('.page[data-state]:not([data-state=""])', { timeout: 15_000 });
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      const name = join(folder, `${viewport.width}-${colorScheme}`);
      await page.screenshot({ path: `${name}.png` });
      // As tall as all of it, so that what sticks to the lower edge is there too.
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ width: viewport.width, height });
      await page.screenshot({ path: `${name}-full.png` });
      await page.close();
    }
} finally {
  await browser.close();
}
