// SPDX-License-Identifier: GPL-3.0-or-later
// Stock stanza.js, with no code of ours, calls the room and gets media.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Server, launchBrowser, waitFor } from './harness.mjs';

const here = dirname(fileURLToPath(import.meta.url));
let server;
let browser;
let pages;

before(async () => {
  pages = mkdtempSync(join(tmpdir(), 'carillon-stock-'));
  mkdirSync(join(pages, 'assets'));
  cpSync(join(here, 'stock/index.html'), join(pages, 'index.html'));
  await build({
    entryPoints: [join(here, 'stock/stock.js')],
    bundle: true,
    format: 'iife',
    define: { global: 'globalThis' },
    outfile: join(pages, 'assets/stock.js'),
    logLevel: 'error',
  });
  server = await Server.start('--page-dir', pages);
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(pages, { recursive: true, force: true });
});

test('two stock clients see and hear each other', async () => {
  const people = [];
  for (let i = 0; i < 2; ++i) {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${server.facts.page}?room=stock`);
    people.push(page);
  }
  for (const page of people) {
    const report = await waitFor('media both ways', async () => {
      const failed = await page.evaluate(() => window.failed);
      if (failed) throw new Error(failed);
      const now = await page.evaluate(() => window.report());
      return now.inbound.video?.frames > 30 && now.inbound.audio?.energy > 0 &&
        now.outbound.video?.packets > 30 && now;
    });
    assert.match(report.srtp, /AEAD_AES_128_GCM/);
  }
});

// RFC 8445 makes the called one controlled, and a lite agent is it too: this
// also shows that libwebrtc changes its role when it is told.
test('a caller that only sends is called for each of the others', async () => {
  const others = [];
  for (let i = 0; i < 2; ++i) {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${server.facts.page}?room=av`);
    others.push(page);
  }
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${server.facts.page}?room=av&av-conferences`);
  const reports = await waitFor('two calls with media', async () => {
    const failed = await page.evaluate(() => window.failed);
    if (failed) throw new Error(failed);
    const now = await page.evaluate(() =>
      Promise.all((window.calls ?? []).map((call) => window.report(call))));
    const live = (report) => report.state === 'connected' && report.inbound.video?.frames > 30 &&
      report.inbound.audio?.energy > 0;
    return now.length === 2 && now.every(live) && now;
  });
  for (const report of reports) assert.equal(report.outbound.video, undefined);
  const users = await page.evaluate(() => window.stanzas
    .filter(([direction, text]) => direction === 'raw:incoming' && text.includes('session-initiate'))
    .map(([, text]) => /<user [^>]*entity=['"]([^'"]+)/.exec(text)?.[1]));
  assert.equal(new Set(users).size, 2);
  for (const user of users) assert.match(user, /^xmpp:av@[^/]+\/p/);
  // Its own call goes on, and the others see it.
  for (const other of others) {
    await waitFor('its picture', async () => {
      const now = await other.evaluate(() => window.report());
      return now.inbound.video?.frames > 30;
    });
  }
  // Who leaves is not called for any more.
  await others[1].close();
  await waitFor('the end of one call', () =>
    page.evaluate(() => window.calls.filter((call) => call.state === 'ended').length === 1));
});
