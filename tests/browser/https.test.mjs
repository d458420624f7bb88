// SPDX-License-Identifier: GPL-3.0-or-later
// Two people meet at a domain, by https:// with a self-signed certificate.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Person, Server, launchBrowser, waitFor } from './harness.mjs';

// What tools/room/src/media.ts paints for these names.
const COLORS = { Alice: [200, 40, 40], Bob: [30, 180, 190] };

let server;
let browser;

before(async () => {
  server = await Server.start('--domain', 'meet.example', '--tls', 'self-signed');
  browser = await launchBrowser('--ignore-certificate-errors', '--host-resolver-rules=MAP meet.example 127.0.0.1');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('two pages see and hear each other', async () => {
  assert.match(server.facts.page, /^https:\/\/meet\.example:\d+\/$/);
  const alice = await Person.join(browser, server, 'meet', 'Alice');
  const bob = await Person.join(browser, server, 'meet', 'Bob');
  await alice.sees('Bob', COLORS.Bob);
  await bob.sees('Alice', COLORS.Alice);
  await alice.hears();
  // What a page of http:// at a domain is not given.
  const tracks = await alice.page.evaluate(async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    return stream.getTracks().map((track) => track.kind).sort();
  });
  assert.deepEqual(tracks, ['audio', 'video']);
  assert.deepEqual([...alice.errors, ...bob.errors], []);

  // The XMPP stream of a page goes through the TLS listener.
  const metrics = await server.metrics();
  assert.equal(metrics('carillon_websocket_proxies'), 2);
  await bob.page.close();
  await waitFor('Alice to see that Bob is gone', async () => !(await alice.tile('Bob')));
});
